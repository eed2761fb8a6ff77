"""Messages to people: shown in the portal, written in the transaction of what they tell, and sent by e-mail or SMS to who chose that.

``actions.notify_company``, ``notify_post`` and ``notify_person`` write one; ``delivery.deliver_due`` sends what is due, in the worker.
"""
