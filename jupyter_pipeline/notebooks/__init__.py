"""Which notebook a command executes, with which parameters, and how far it has come; ``driver/`` runs it."""
