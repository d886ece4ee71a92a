# The flake at `root` (a path) or of `source` (a store path): its outputs with its inputs. `self` are facts about the
# source (rev, ref, lastModified, …), `lock` the content of flake.lock when it is not read from there.
import ./flake-compat/call-flake.nix
