{ sizes, motd, ... }: { db = { ... }: { users.motd = motd; }; }
