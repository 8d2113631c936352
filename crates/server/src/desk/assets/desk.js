// Keys, partial updates and drafts for the desk. Everything works without it.
