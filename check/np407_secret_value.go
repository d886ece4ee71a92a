package check

import "github.com/nixplan/nixplan/internal/diag"

// The planner finds it when it reads secretsMap.
var secretValue = &Rule{
	ID: diag.IDSecretMap, Name: "secret-value",
	Summary: "An entry of secretsMap is neither a name nor a token.",
}

// What is wrong with the files that say which secrets agents have.
var (
	secretsFile = &Rule{
		ID: diag.IDSecrets, Name: "secrets-file",
		Summary: "secrets.json is not what agents take.",
	}
	secretsManifest = &Rule{
		ID: diag.IDManifest, Name: "secrets-manifest",
		Summary: "The manifest of secrets cannot be read.",
	}
	secretsOutdated = &Rule{
		ID: diag.IDSecretsOut, Name: "secrets-outdated",
		Summary: "The manifest of secrets is not what secrets.json says.",
	}
)
