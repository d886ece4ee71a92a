# Fetchers. What they fetch is a source: a store path that remembers where it comes from, so importing a file of it gives
# the model of that source, or an unknown. The arguments stay readable as attributes, as those of the real derivations do.
{ lib, pkgs }:

let
  inherit (__nixplan) fetching isUnknown source;

  hashOf = args: args.hash or args.sha256 or args.sha512 or args.sha1 or args.outputHash or null;

  # A fixed-output derivation whose path is a source.
  fetched =
    {
      url,
      args,
      rev ? null,
      ref ? null,
      name ? "source",
      submodules ? false,
    }:
    let
      drv = pkgs.stdenvNoCC.mkDerivation (
        {
          inherit name url;
          outputHashMode = "recursive";
        }
        // builtins.removeAttrs args [ "postFetch" ]
        // lib.optionalAttrs (rev != null) { inherit rev; }
      );
      path = builtins.seq (fetching { inherit url args; }) (source {
        inherit
          url
          rev
          ref
          name
          submodules
          ;
        hash = hashOf args;
      });
    in
    drv
    // {
      outPath = path;
      out = drv.out // {
        outPath = path;
      };
      urls = args.urls or [ url ];
    };

  refOrRev =
    args:
    if args.tag or null != null then
      "refs/tags/${args.tag}"
    else
      args.rev or (throw "${args.repo or "fetcher"}: pass `rev` or `tag`");

  # The tarball that a forge makes of a revision, or its git repository when submodules are wanted.
  forge =
    {
      host,
      path ? args: "${args.owner}/${args.repo}",
      archive,
    }:
    lib.makeOverridable (
      args:
      let
        base = "https://${args.domain or args.githubBase or host}/${path args}";
        rev = refOrRev args;
        drv = fetched {
          inherit args rev;
          url = archive base (args.tag or null) rev;
          name = args.name or "source";
          submodules = args.fetchSubmodules or false;
        };
      in
      drv
      // {
        gitRepoUrl = "${base}.git";
        inherit rev;
        tag = args.tag or null;
        meta = drv.meta // {
          homepage = base;
        } // args.meta or { };
      }
    );

  firstUrl = args: args.url or (builtins.head (args.urls or [ (throw "fetchurl: pass `url` or `urls`") ]));

  fileName = url: if isUnknown url then "source" else baseNameOf (toString url);

  fetchurl = lib.makeOverridable (
    args:
    fetched {
      inherit args;
      url = firstUrl args;
      name = args.name or (fileName (firstUrl args));
    }
  );

  fetchzip = lib.makeOverridable (
    args:
    fetched {
      inherit args;
      url = firstUrl args;
      name = args.name or "source";
    }
  );

  fetchgit = lib.makeOverridable (
    args:
    fetched {
      inherit args;
      inherit (args) url;
      rev = refOrRev args;
      name = args.name or "source";
      submodules = args.fetchSubmodules or true;
    }
  );

  # The part of an archive's address that is needed for a tag is `refs/tags/…`.
  githubArchive = base: tag: rev: "${base}/archive/${rev}.tar.gz";

  fetchFromGitea = forge {
    host = "gitea.com";
    archive = githubArchive;
  };
in
{
  inherit
    fetchurl
    fetchzip
    fetchgit
    fetchFromGitea
    ;
  fetchtarball = fetchzip;
  fetchpatch = fetchurl;
  fetchpatch2 = fetchurl;
  fetchgitLocal = path: path;
  fetchFromForgejo = fetchFromGitea;

  fetchFromGitHub = forge {
    host = "github.com";
    archive = githubArchive;
  };
  fetchFromCodeberg = forge {
    host = "codeberg.org";
    archive = githubArchive;
  };
  fetchFromGitLab = forge {
    host = "gitlab.com";
    path = args: lib.concatStringsSep "/" (lib.optional (args ? group) args.group ++ [ args.owner args.repo ]);
    archive = base: _: rev: "${base}/-/archive/${rev}.tar.gz";
  };
  fetchFromBitbucket = forge {
    host = "bitbucket.org";
    archive = base: _: rev: "${base}/get/${rev}.tar.gz";
  };
  fetchFromSourcehut = forge {
    host = "git.sr.ht";
    archive = base: _: rev: "${base}/archive/${rev}.tar.gz";
  };
  fetchFromRepoOrCz = forge {
    host = "repo.or.cz";
    path = args: "${args.repo}.git";
    archive = base: _: rev: "${base}/snapshot/${rev}.tar.gz";
  };
  fetchFromSavannah = forge {
    host = "git.savannah.gnu.org";
    path = args: "cgit/${args.repo}.git";
    archive = base: _: rev: "${base}/snapshot/${rev}.tar.gz";
  };
  fetchFromGitiles = lib.makeOverridable (
    args:
    fetched {
      inherit args;
      url = "${args.url}/+archive/${args.rev}.tar.gz";
      inherit (args) rev;
      name = args.name or "source";
    }
  );
}
