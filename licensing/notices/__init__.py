"""Messages to people: shown in the portal, written in the transaction of what they tell."""
