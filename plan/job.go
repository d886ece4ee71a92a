package plan

// Kind is the function a job was made with.
type Kind string

const (
	RunNixOps       Kind = "runNixOps"
	RunNixOps2      Kind = "runNixOps2"
	RunNixOS        Kind = "runNixOS"
	RunNixDarwin    Kind = "runNixDarwin"
	RunCachixDeploy Kind = "runCachixDeploy"
	RunArion        Kind = "runArion"
	NetlifyDeploy   Kind = "netlifyDeploy"
	GitWriteBranch  Kind = "gitWriteBranch"
	FlakeUpdate     Kind = "flakeUpdate"
	CargoPublish    Kind = "cargoPublish"
	ModularEffect   Kind = "modularEffect"
	MkEffect        Kind = "mkEffect"
	Other           Kind = "other" // an effect made some other way
)

// State says whether the agent would run a job for the plan's ref.
type State string

const (
	// Active: the agent would run it.
	Active State = "active"
	// Inactive: its condition is false for this ref.
	Inactive State = "inactive"
	// Undetermined: the condition needs a value nobody has yet.
	Undetermined State = "undetermined"
)

// Job is an effect at an attribute path.
type Job struct {
	// Path is AttrPath as Nix writes it, elements quoted where needed. The
	// "run" or "dependencies" that runIf adds is left out.
	Path     string   `json:"path"`
	AttrPath []string `json:"attr_path"`
	// AgentPath is the path at which the agent finds the effect, or, when it is
	// inactive, its dependencies: "neat-network.run".
	AgentPath []string  `json:"agent_path"`
	Kind      Kind      `json:"kind"`
	Position  *Position `json:"position,omitempty"` // of the attribute's definition
	State     State     `json:"state"`
	Condition Condition `json:"condition"`
	Trigger   Trigger   `json:"trigger"`

	// EffectName is the name of the effect's derivation: "nixops-foo".
	EffectName string `json:"effect_name,omitempty"`
	// DrvPath is the store path of the effect's derivation, where it is not
	// modelled and known.
	DrvPath string `json:"drv_path,omitempty"`
	// Deployment is the NixOps deployment's name: "foo".
	Deployment string  `json:"deployment,omitempty"`
	Action     *Action `json:"action,omitempty"`

	// Src is where the files are: a path relative to the root ("." for the
	// root itself); empty when unknown or when the kind has none.
	Src      string `json:"src,omitempty"`
	Prebuild bool   `json:"prebuild"` // the network is built for every ref
	// UserSetup says that a script of the user's runs before the deployment.
	UserSetup bool `json:"user_setup"`
	// Scripts are the names of the scripts that the program gave the effect and
	// that steps run, userSetupScript among them, in the order of ScriptNames.
	Scripts []string `json:"scripts"`
	Files   []File   `json:"files"`

	Machines    []Machine    `json:"machines"`
	NetworkArgs []NetworkArg `json:"network_args"`
	Secrets     []Secret     `json:"secrets"`
	StateFiles  []StateFile  `json:"state_files"`
	Steps       []Step       `json:"steps"` // see AddSteps

	// Facts are what else is known of a job, by argument name.
	Facts []Fact `json:"facts"`
	// Unknowns are the job's facts that could not be had. What makes the job
	// undetermined stands in Condition.
	Unknowns    []Unknown    `json:"unknowns"`
	Assumptions []Assumption `json:"assumptions"`
}

// Condition is why a job is active or not: the comparisons with values derived
// from the ref that its presence or its runIf depended on, in the order they
// were made. No terms: the job is unconditional.
type Condition struct {
	Terms []Term `json:"terms"`
	// Needs is what an undetermined condition lacks.
	Needs []Unknown `json:"needs"`
	// Never says that the job's own condition is false whatever the terms and the
	// ref: runIf false.
	Never bool `json:"never,omitempty"`
	// Elsewhere is the branch whose schedules run, when it is not the plan's ref: the
	// job is scheduled, and so inactive here.
	Elsewhere string `json:"elsewhere,omitempty"`
}

// Term is one comparison.
type Term struct {
	Expression string    `json:"expression"` // source text, on one line
	Position   *Position `json:"position,omitempty"`
	Result     string    `json:"result,omitempty"` // in Nix syntax: `true`; empty: unknown
	Operands   []Operand `json:"operands"`
}

// Operand is one side of a comparison: its source text and its value in Nix
// syntax, which is empty when unknown.
type Operand struct {
	Expression string `json:"expression"`
	Value      string `json:"value,omitempty"`
}

// Trigger is what makes the agent look at the job.
type Trigger struct {
	Kind TriggerKind `json:"kind"`
	// Name is the onPush or onSchedule name; empty for a legacy entry file.
	Name string `json:"name,omitempty"`
	When *When  `json:"when,omitempty"` // schedule only
}

// TriggerKind is "push" or "schedule".
type TriggerKind string

const (
	Push     TriggerKind = "push"
	Schedule TriggerKind = "schedule"
)

// When is a schedule, in UTC. A nil Minute is chosen by the server; an empty
// list puts no restriction.
type When struct {
	Minute     *int     `json:"minute,omitempty"` // 0-59
	Hour       []int    `json:"hour"`             // 0-23
	DayOfWeek  []string `json:"day_of_week"`      // "Mon" … "Sun"
	DayOfMonth []int    `json:"day_of_month"`     // 1-31
}

// Action is what the effect does in the end, by its name and the command line
// that does it.
type Action struct {
	Name string   `json:"name"`
	Argv []string `json:"argv"`
}

// FileRole says which of the runs of NixOps reads a file.
type FileRole string

const (
	NetworkFile      FileRole = "network"       // prebuild and deployment
	PrebuildOnlyFile FileRole = "prebuild-only" // only the build for every ref
	DeployOnlyFile   FileRole = "deploy-only"   // only the deployment
)

// File is a file that a job names. A nil flag means that nobody can tell,
// because the job's src is unknown.
type File struct {
	Role FileRole `json:"role"`
	Path string   `json:"path"` // relative to the job's src, as written
	// Exists says that the file is there; for an agent it must be tracked by
	// git as well, and let through by src's filter.
	Exists   *bool    `json:"exists,omitempty"`
	Tracked  *bool    `json:"tracked,omitempty"`
	Included *bool    `json:"included,omitempty"`
	SHA256   string   `json:"sha256,omitempty"` // hex, of the file's content
	Machines []string `json:"machines"`         // that this file defines or adds to
	// Error says why the file's machines could not be found.
	Error string `json:"error,omitempty"`
}

// Machine is a member of a network.
type Machine struct {
	Name       string `json:"name"`
	TargetEnv  string `json:"target_env,omitempty"`  // deployment.targetEnv
	TargetHost string `json:"target_host,omitempty"` // deployment.targetHost
}

// NetworkArg is an argument of the network expressions. JSON is its value as
// compact JSON, empty when unknown.
type NetworkArg struct {
	Name string `json:"name"`
	JSON string `json:"json,omitempty"` // absent when unknown or hidden
	// Hidden says that the argument, or something in it, is named like a secret;
	// its value is not in the plan.
	Hidden bool `json:"hidden,omitempty"`
}

// Secret is a secret by its names; there is no place for a value.
type Secret struct {
	// Name is what the effect calls it, an attribute of secretsMap.
	Name string `json:"name"`
	Type string `json:"type"` // "Secret" or "GitToken"
	// Source is the name in secrets.json; empty for a GitToken.
	Source string `json:"source,omitempty"`
	// UsedBy are the helpers of the effect's scripts that read it, or the
	// function that implies it.
	UsedBy []string `json:"used_by"`
	// Fields are the fields of its data that are read.
	Fields []string `json:"fields"`
}

// StateFile is a file that the CI service keeps between runs.
type StateFile struct {
	Name string `json:"name"`
	// Role is "deployment" (NixOps' export), "known-hosts", or "state".
	Role string `json:"role"`
}

// Fact is an argument of a job worth knowing, its value as short text.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// SomeJobs stands for jobs that exist under Path but whose names nobody knows,
// because the set that holds them was made from an unknown.
type SomeJobs struct {
	Path      string    `json:"path"` // empty: the root
	AttrPath  []string  `json:"attr_path"`
	Kind      Kind      `json:"kind,omitempty"`
	Position  *Position `json:"position,omitempty"`
	State     State     `json:"state"`
	Condition Condition `json:"condition"`
	// Needs is what would tell the names.
	Needs []Unknown `json:"needs"`
}

// BuildKind says why the agent builds a derivation.
type BuildKind string

const (
	DerivationBuild   BuildKind = "derivation"
	PrebuiltBuild     BuildKind = "prebuilt"     // a network, built for every ref
	DependenciesBuild BuildKind = "dependencies" // the inputs of an inactive job
)

// Build is an attribute that the agent builds without running anything.
type Build struct {
	Path     string    `json:"path"`
	AttrPath []string  `json:"attr_path"`
	Kind     BuildKind `json:"kind"`
	Name     string    `json:"name,omitempty"` // of the derivation
	// DrvPath is the derivation's store path, where it is not modelled and known.
	DrvPath string `json:"drv_path,omitempty"`
	// Unknown is why DrvPath is not known, where derivations are not modelled.
	Unknown  *Unknown  `json:"unknown,omitempty"`
	Position *Position `json:"position,omitempty"`
	Trigger  Trigger   `json:"trigger"`
	// Job is the path of the job it belongs to.
	Job string `json:"job,omitempty"`
	// IgnoreFailure and RequireFailure are the derivation's attributes of those
	// names: a failure is ignored, or wanted.
	IgnoreFailure  bool `json:"ignore_failure"`
	RequireFailure bool `json:"require_failure"`
	// Assumed says that the value is unknown and taken for a derivation.
	Assumed bool `json:"assumed"`
}
