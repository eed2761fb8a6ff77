/* Identifiers with check characters: the licence (GB/T 36904, ISO 7064 MOD 37,36) and the company (GB 32100-2015). */

const ROOT = "1.2.156.3005.2";
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const COMPANY_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const COMPANY = new RegExp(`^[${COMPANY_ALPHABET}]{18}$`);
const COMPANY_BYTES = 11;
const SHAPES = [/^[0-9A-Z]{21}$/, /^[0-9A-Z]{18}$/, /^[0-9A-Z]{1,40}$/, /^[0-9]{3}$/];

/** The identifier of a licence with its check character, or null when a part does not have the shape that is issued. */
export function licenceIdentifier(typeCode, issuer, serial, version) {
  const parts = [typeCode, issuer, serial, String(version).padStart(3, "0")];
  if (!parts.every((part, place) => SHAPES[place].test(part))) return null;
  return [ROOT, ...parts, checkCharacter(parts.join(""))].join(".");
}

/** ISO 7064 MOD 37,36 over the characters 0-9 and A-Z. */
export function checkCharacter(body) {
  const sum = [...body].reduce((check, character) => ((((check || 36) * 2) % 37) + ALPHABET.indexOf(character)) % 36, 18);
  return ALPHABET[(37 - (((sum || 36) * 2) % 37)) % 36];
}

/** Whether a text is a credit code with the right check character, which must travel packed. */
export function isCompanyCode(text) {
  return COMPANY.test(text) && companyCheck(text.slice(0, 17)) === text[17];
}

/** The credit code in 11 bytes, its check character computed; null when the bytes hold none. */
export function unpackedCompanyCode(bytes) {
  if (bytes.length !== COMPANY_BYTES) return null;
  let number = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const base = BigInt(COMPANY_ALPHABET.length);
  if (number >= base ** 17n) return null;
  let body = "";
  for (let place = 0; place < 17; place += 1) {
    body = COMPANY_ALPHABET[Number(number % base)] + body;
    number /= base;
  }
  return body + companyCheck(body);
}

/** The last character of a credit code: weights are the powers of 3 modulo 31 (GB 32100-2015, 5.5). */
function companyCheck(body) {
  let [sum, weight] = [0, 1];
  for (const character of body) {
    sum += COMPANY_ALPHABET.indexOf(character) * weight;
    weight = (weight * 3) % 31;
  }
  return COMPANY_ALPHABET[(31 - (sum % 31)) % 31];
}
