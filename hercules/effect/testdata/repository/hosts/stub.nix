{ network.description = "stub"; }
