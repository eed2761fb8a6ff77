"""Incremental updates of every sort: the signed bytes stay, something is added that changes what is seen or what happens."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from bytes_changes import Change
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from subjects import Subject

Name, Dictionary, Array, Number, Text = (
    generic.NameObject,
    generic.DictionaryObject,
    generic.ArrayObject,
    generic.NumberObject,
    generic.TextStringObject,
)
Writer = IncrementalPdfFileWriter
OVERLAY = b"q 1 1 1 rg 100 100 400 300 re f Q BT /F9 24 Tf 120 200 Td (Grade A, valid until 2099) Tj ET"


def _update(edit: Callable[[Writer], object]) -> Change:
    """An update by an ordinary library."""

    def change(subject: Subject) -> bytes:
        writer = Writer(io.BytesIO(subject.pdf))
        edit(writer)
        out = io.BytesIO()
        writer.write(out)
        return out.getvalue()

    return change


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return Dictionary({pdf_name(key): _plain(part) for key, part in value.items()})
    if isinstance(value, list):
        return Array(_plain(part) for part in value)
    if isinstance(value, str):
        return pdf_name(value) if value.startswith("/") else Text(value)
    return Number(value) if isinstance(value, int) else value


def _stream(writer: Writer, data: bytes, entries: dict[str, Any] | None = None) -> Any:
    return writer.add_object(generic.StreamObject(_plain(entries or {}), stream_data=data))


def _root(key: str, value: Any) -> Callable[[Writer], None]:
    def edit(writer: Writer) -> None:
        writer.root[pdf_name(key)] = _plain(value)
        writer.update_root()

    return edit


def _without(key: str) -> Callable[[Writer], None]:
    def edit(writer: Writer) -> None:
        del writer.root[key]
        writer.update_root()

    return edit


def _page(writer: Writer) -> Any:
    reference = writer.find_page_for_modification(0)[0]
    writer.mark_update(reference)
    return reference.get_object()


def _on_page(key: str, value: Any) -> Callable[[Writer], None]:
    def edit(writer: Writer) -> None:
        _page(writer)[pdf_name(key)] = _plain(value)

    return edit


def _annotation(entries: dict[str, Any]) -> Callable[[Writer], None]:
    def edit(writer: Writer) -> None:
        added = writer.add_object(_plain({"/Type": "/Annot", "/Rect": [100, 100, 400, 300], "/F": 4, **entries}))
        page = _page(writer)
        page[pdf_name("/Annots")] = Array([*page.get("/Annots", ()), added])

    return edit


def _stamp(writer: Writer) -> None:
    look = _stream(writer, b"1 0 0 rg 0 0 300 200 re f", {"/Type": "/XObject", "/Subtype": "/Form", "/BBox": [0, 0, 300, 200]})
    _annotation({"/Subtype": "/Stamp", "/AP": Dictionary({pdf_name("/N"): look})})(writer)


def _font(writer: Writer, page: Any) -> None:
    page["/Resources"]["/Font"][pdf_name("/F9")] = _plain({"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"})
    writer.update_container(page["/Resources"]["/Font"])


def _content_replaced(writer: Writer) -> None:
    page = _page(writer)
    _font(writer, page)
    page[pdf_name("/Contents")] = _stream(writer, OVERLAY)


def _text_added(writer: Writer) -> None:
    page = _page(writer)
    _font(writer, page)
    page[pdf_name("/Contents")] = Array([page.raw_get("/Contents"), _stream(writer, OVERLAY)])


def _image_added(writer: Writer) -> None:
    entries = {"/Type": "/XObject", "/Subtype": "/Image", "/Width": 1, "/Height": 1, "/BitsPerComponent": 8, "/ColorSpace": "/DeviceGray"}
    page = _page(writer)
    page["/Resources"]["/XObject"][pdf_name("/Im9")] = _stream(writer, b"\xff", entries)
    writer.update_container(page["/Resources"]["/XObject"])
    page[pdf_name("/Contents")] = Array([page.raw_get("/Contents"), _stream(writer, b"q 400 0 0 300 100 100 cm /Im9 Do Q")])


def _form_field(writer: Writer) -> None:
    field = writer.add_object(
        _plain(
            {"/FT": "/Tx", "/T": "holder", "/V": "Somebody else", "/Type": "/Annot", "/Subtype": "/Widget", "/Rect": [100, 100, 400, 130]}
        )
    )
    form = writer.root["/AcroForm"]
    form["/Fields"].append(field)
    writer.update_container(form)
    page = _page(writer)
    page[pdf_name("/Annots")] = Array([*page.get("/Annots", ()), field])


def _seal_made_visible(writer: Writer) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0].get_object()
    look = _stream(writer, b"1 0 0 RG 5 w 5 5 90 90 re S", {"/Type": "/XObject", "/Subtype": "/Form", "/BBox": [0, 0, 100, 100]})
    field[pdf_name("/Rect")] = _plain([100, 100, 300, 300])
    field[pdf_name("/AP")] = Dictionary({pdf_name("/N"): look})
    writer.mark_update(writer.root["/AcroForm"]["/Fields"].raw_get(0))


def _seal_removed(writer: Writer) -> None:
    writer.root["/AcroForm"][pdf_name("/Fields")] = Array()
    writer.update_container(writer.root["/AcroForm"])


def _certification_removed(writer: Writer) -> None:
    del writer.root["/Perms"]
    writer.update_root()


def _layer(writer: Writer) -> None:
    layer = writer.add_object(_plain({"/Type": "/OCG", "/Name": "Extra"}))
    writer.root[pdf_name("/OCProperties")] = Dictionary(
        {pdf_name("/OCGs"): Array([layer]), pdf_name("/D"): Dictionary({pdf_name("/ON"): Array([layer])})}
    )
    writer.update_root()
    page = _page(writer)
    page["/Resources"][pdf_name("/Properties")] = Dictionary({pdf_name("/L9"): layer})
    writer.update_container(page["/Resources"])
    page[pdf_name("/Contents")] = Array([page.raw_get("/Contents"), _stream(writer, b"/OC /L9 BDC " + OVERLAY + b" EMC")])


def _attached(writer: Writer) -> Any:
    file = _stream(writer, b'{"holder":"Somebody else"}', {"/Type": "/EmbeddedFile", "/Subtype": "/application#2Fjson"})
    return writer.add_object(
        Dictionary(
            {
                pdf_name("/Type"): pdf_name("/Filespec"),
                pdf_name("/F"): Text("licence-record.json"),
                pdf_name("/UF"): Text("licence-record.json"),
                pdf_name("/AFRelationship"): pdf_name("/Data"),
                pdf_name("/EF"): Dictionary({pdf_name("/F"): file}),
            }
        )
    )


def _attachment_added(writer: Writer) -> None:
    names = writer.root["/Names"]["/EmbeddedFiles"]
    names["/Names"].extend([Text("z.json"), _attached(writer)])
    writer.update_container(names["/Names"])


def _record_replaced(writer: Writer) -> None:
    added = _attached(writer)
    writer.root[pdf_name("/AF")] = Array([added])
    writer.root["/Names"][pdf_name("/EmbeddedFiles")] = Dictionary({pdf_name("/Names"): Array([Text("licence-record.json"), added])})
    writer.update_root()


def _metadata(writer: Writer) -> None:
    entries = {"/Type": "/Metadata", "/Subtype": "/XML"}
    writer.root[pdf_name("/Metadata")] = _stream(writer, b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Grade A</x:xmpmeta>", entries)
    writer.update_root()


def _info(writer: Writer) -> None:
    writer.set_info(writer.add_object(_plain({"/Title": "Another licence", "/Producer": "The authority"})))


def _new_page(writer: Writer) -> Any:
    tree = writer.root.raw_get("/Pages")
    return writer.add_object(
        Dictionary(
            {
                pdf_name("/Type"): pdf_name("/Page"),
                pdf_name("/Parent"): tree,
                pdf_name("/MediaBox"): _plain([0, 0, 595, 842]),
                pdf_name("/Resources"): _plain({"/Font": {"/F9": {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}}}),
                pdf_name("/Contents"): _stream(writer, OVERLAY),
            }
        )
    )


def _pages(arrange: Callable[[list[Any], Any], list[Any]]) -> Callable[[Writer], None]:
    def edit(writer: Writer) -> None:
        tree = writer.root["/Pages"]
        kids = arrange(list(tree["/Kids"]), _new_page(writer))
        tree[pdf_name("/Kids")] = Array(kids)
        tree[pdf_name("/Count")] = Number(len(kids))
        writer.update_container(tree)

    return edit


def _font_replaced(writer: Writer) -> None:
    fonts = _page(writer)["/Resources"]["/Font"]
    for name in list(fonts):
        fonts[name] = _plain({"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/ZapfDingbats"})
    writer.update_container(fonts)


def _text_mapping_replaced(writer: Writer) -> None:
    font = next(iter(_page(writer)["/Resources"]["/Font"].values())).get_object()
    font[pdf_name("/ToUnicode")] = _stream(writer, b"/CIDInit /ProcSet findresource begin begincmap endcmap end")
    writer.update_container(font)


def _outline(writer: Writer) -> None:
    item = writer.root["/Outlines"]["/First"]
    item[pdf_name("/Title")] = Text("Grade A")
    writer.update_container(item)


def _names_script(writer: Writer) -> None:
    writer.root["/Names"][pdf_name("/JavaScript")] = _plain({"/Names": ["a", _SCRIPT]})
    writer.update_root()


def _nothing_new(writer: Writer) -> None:
    writer.update_root()


def _validation_data(writer: Writer) -> None:
    certificate = _stream(writer, b"\x30\x03\x02\x01\x01")
    writer.root[pdf_name("/DSS")] = Dictionary({pdf_name("/Certs"): Array([certificate])})
    writer.update_root()


_URI = {"/S": "/URI", "/URI": "https://evil.example/"}
_SCRIPT = {"/S": "/JavaScript", "/JS": "app.alert(1)"}

UPDATES: dict[str, Change] = {
    "update-nothing-new": _update(_nothing_new),
    "update-page-content": _update(_content_replaced),
    "update-text-added": _update(_text_added),
    "update-image-added": _update(_image_added),
    "update-note": _update(_annotation({"/Subtype": "/FreeText", "/Contents": "Grade A", "/DA": "/Helv 20 Tf 0 g"})),
    "update-highlight": _update(_annotation({"/Subtype": "/Highlight", "/QuadPoints": [100, 300, 400, 300, 100, 100, 400, 100]})),
    "update-redaction": _update(_annotation({"/Subtype": "/Redact"})),
    "update-link": _update(_annotation({"/Subtype": "/Link", "/A": _URI})),
    "update-stamp": _update(_stamp),
    "update-form-field": _update(_form_field),
    "update-seal-made-visible": _update(_seal_made_visible),
    "update-seal-removed": _update(_seal_removed),
    "update-certification-removed": _update(_certification_removed),
    "update-layer": _update(_layer),
    "update-open-action-link": _update(_root("/OpenAction", _URI)),
    "update-open-action-script": _update(_root("/OpenAction", _SCRIPT)),
    "update-document-action": _update(_root("/AA", {"/WP": _SCRIPT})),
    "update-page-action": _update(_on_page("/AA", {"/O": _SCRIPT})),
    "update-named-script": _update(_names_script),
    "update-attachment": _update(_attachment_added),
    "update-record-replaced": _update(_record_replaced),
    "update-record-removed": _update(_without("/AF")),
    "update-portfolio": _update(_root("/Collection", {"/Type": "/Collection", "/View": "/T"})),
    "update-metadata": _update(_metadata),
    "update-info": _update(_info),
    "update-font": _update(_font_replaced),
    "update-text-mapping": _update(_text_mapping_replaced),
    "update-outline": _update(_outline),
    "update-language": _update(_root("/Lang", "en")),
    "update-page-labels": _update(_root("/PageLabels", {"/Nums": [0, {"/P": "Grade A"}]})),
    "update-viewer-preferences": _update(_root("/ViewerPreferences", {"/DisplayDocTitle": generic.BooleanObject(True)})),
    "update-version": _update(_root("/Version", "/2.0")),
    "update-extensions": _update(_root("/Extensions", {"/ADBE": {"/BaseVersion": "/1.7", "/ExtensionLevel": 8}})),
    "update-output-intents": _update(_without("/OutputIntents")),
    "update-destinations": _update(_root("/Dests", {"/a": [0, "/Fit"]})),
    "update-page-rotated": _update(_on_page("/Rotate", 180)),
    "update-page-cropped": _update(_on_page("/CropBox", [0, 0, 10, 10])),
    "update-page-scaled": _update(_on_page("/UserUnit", 3)),
    "update-page-added": _update(_pages(lambda kids, new: [*kids, new])),
    "update-page-in-front": _update(_pages(lambda kids, new: [new, *kids])),
    "update-page-replaced": _update(_pages(lambda _, new: [new])),
    "update-page-removed": _update(_pages(lambda _, __: [])),
    "update-page-twice": _update(_pages(lambda kids, _: kids * 2)),
    "update-validation-data": _update(_validation_data),
}
