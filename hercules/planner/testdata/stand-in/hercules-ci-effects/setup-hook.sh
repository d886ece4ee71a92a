# Defines what scripts may call; the functions here only say so.
readSecretString() { echo "readSecretString $*"; }
getStateFile() { echo "getStateFile $*"; }
putStateFile() { echo "putStateFile $*"; }
saveStateOnFailure() { :; }

if [[ ${IN_HERCULES_CI_EFFECT-} != true ]]; then
  echo >&2 "This is no effect."
fi
