{ web = { ... }: { deployment.targetHost = "web.example"; }; }
