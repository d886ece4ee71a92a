# runPutUrl: uploads a file.
{ mkEffect }:

let
  # Its name stands in messages about its arguments.
  runPutUrl =
    args@{
      name,
      url,
      file,
    }:
    mkEffect {
      name = "put-url-${name}";
      dontUnpack = true;
      inherit file;
      effectScript = ''
        curl -X PUT --upload-file "$file" --retry-max-time 600 --retry-connrefused --max-time 1200 --location --fail ${url}
      '';
      __nixplan = {
        kind = "runPutUrl";
        given = args;
        args = args // {
          secretsMap = { };
        };
      };
    };
in
runPutUrl
