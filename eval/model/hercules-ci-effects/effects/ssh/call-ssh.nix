# effects.ssh { destination; … } commands: shell text that runs commands on a host, after copying what they refer to.
packages@{
  lib,
  nix,
  openssh,
}:

let
  # Its name stands in messages about its arguments.
  ssh =
    {
      destination,
      ssh ? openssh,
      sshOptions ? "",
      nix ? packages.nix,
      nix-copy-closureOptions ? "",
      useSubstitutes ? true,
      compress ? false,
      compressClosure ? compress,
      compressSession ? compress,
      inheritVariables ? [ ],
      buildOnDestination ? false,
      destinationPkgs ? throw "ssh: with `buildOnDestination` pass `destinationPkgs`, a package set that the destination can build",
    }:

    remoteCommands:
    let
      script = (destinationPkgs.writeText "remote-commands-after-build" remoteCommands).drvPath;
      commands = if buildOnDestination then ''. "$(nix-store -r ${script})"'' else remoteCommands;

      copy = lib.concatStringsSep " " (
        [ "nix-copy-closure ${nix-copy-closureOptions}" ]
        ++ lib.optional useSubstitutes "--use-substitutes"
        ++ lib.optional compressClosure "--gzip"
        ++ [ "--to ${destination}" ]
      );

      run = lib.concatStringsSep " " (
        [ "ssh" ]
        ++ lib.optional compressSession "-C"
        ++ [
          sshOptions
          destination
          "--"
        ]
        ++ lib.optional (inheritVariables != [ ]) ''"$(declare -p ${lib.escapeShellArgs inheritVariables});"''
        ++ [ (lib.escapeShellArg commands) ]
      );
    in
    ''
      (
        export PATH="${
          lib.makeBinPath [
            nix
            ssh
          ]
        }:$PATH"
        NIX_SSHOPTS="${sshOptions}" ${copy} $ssh_copy_paths
        ${run})'';
in
ssh
