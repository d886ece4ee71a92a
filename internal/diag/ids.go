package diag

// The ids of what nixplan says. An id never changes its meaning; NP1xx is about
// reading and evaluating, NP3xx about files, NP4xx about secrets, NP5xx about
// deployments, NP6xx about what is fetched, NP8xx about nixplan's own configuration, NP999 about nixplan.
const (
	IDSyntax      = "NP101" // the text is not Nix
	IDScope       = "NP102" // undefined variable, attribute or argument defined twice
	IDEvaluation  = "NP103" // an attribute fails to evaluate
	IDUnknown     = "NP104" // something needs a value that is not known
	IDEntry       = "NP105" // the entry file is missing or there are two
	IDUnseen      = "NP106" // something lies where an agent does not look
	IDMisplaced   = "NP107" // an effect lies where an agent refuses it
	IDArguments   = "NP108" // a function requires what an agent does not pass
	IDSchedule    = "NP109" // a schedule that an agent refuses
	IDRepository  = "NP110" // git does not say what nixplan asks
	IDAction      = "NP502" // a deployment's action
	IDNixOps2     = "NP505" // arguments that runNixOps2 refuses
	IDNetworkArgs = "NP506" // an argument of a network that cannot be passed
	IDArgument    = "NP507" // an effect's argument is missing or of the wrong type
	IDSecretMap   = "NP407" // a secretsMap entry that agents refuse
	IDSecrets     = "NP410" // secrets.json cannot be read, or is not what agents take
	IDManifest    = "NP411" // the manifest of secrets cannot be read
	IDSecretsOut  = "NP412" // the manifest of secrets is not up to date
	IDHash        = "NP602" // a hash that is none
	IDNoEffects   = "NP603" // a package set without the effects
	IDConfig      = "NP801" // nixplan.hcl
	IDAllow       = "NP802" // a comment that allows a finding is not in order
	IDInternal    = "NP999" // a mistake in nixplan
)
