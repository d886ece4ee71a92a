# What a derivation's builder, or nix-shell, sources first.
set -eu
set -o pipefail

initialPath="/usr"
PATH=
export SHELL=/bin/sh

# input DIR: its programs, those it brings along, and its setup hook.
input() {
  case " $found " in *" $1 "*) return ;; esac
  found+=" $1"
  if [[ -d $1/bin ]]; then PATH+=${PATH:+:}$1/bin; fi
  if [[ -f $1/nix-support/propagated-build-inputs ]]; then
    local next
    for next in $(<"$1/nix-support/propagated-build-inputs"); do input "$next"; done
  fi
  if [[ -f $1/nix-support/setup-hook ]]; then source "$1/nix-support/setup-hook"; fi
}

found=
for one in ${nativeBuildInputs-}; do input "$one"; done
for one in $initialPath; do PATH+=:$one/bin; done
unset one
export PATH
