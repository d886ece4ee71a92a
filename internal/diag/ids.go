package diag

// The ids of what nixplan says. An id never changes its meaning; NP1xx is about
// reading and evaluating, NP3xx about files, NP4xx about secrets, NP5xx about
// deployments, NP6xx about what is fetched, NP7xx about carrying jobs out (docs/apply.md), NP8xx about nixplan's own
// configuration, NP999 about nixplan.
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
	IDProgram     = "NP701" // a program that steps run is missing, or another version
	IDDirectory   = "NP702" // there is no place for the files of a run
	IDFile        = "NP703" // a network file that the deployment would not see
	IDSecret      = "NP704" // a secret that a job cannot have
	IDState       = "NP705" // the state cannot be reached
	IDUnsaved     = "NP706" // an interrupted run has a state that is not stored
	IDOwnMachine  = "NP707" // a deployment of the machine that carries it out
	IDMismatch    = "NP708" // Nix has another derivation than was planned
	IDUnsupported = "NP709" // a job that nixplan does not carry out
	IDStale       = "NP710" // a saved plan of something else
	IDConfig      = "NP801" // nixplan.hcl
	IDAllow       = "NP802" // a comment that allows a finding is not in order
	IDInternal    = "NP999" // a mistake in nixplan
)
