"""The commands of ``leizheng``, grouped by what they are for. Only ``licensing.cli`` imports them, and only when they are called."""
