# When a scheduled job runs, in UTC. What is left out is chosen by Hercules CI, or does not matter.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  optional =
    type:
    mkOption {
      type = types.nullOr type;
      default = null;
    };
  oneOrMore = type: types.coercedTo type (value: [ value ]) (types.listOf type);
in
{
  options = {
    minute = optional (types.ints.between 0 59);
    hour = optional (oneOrMore (types.ints.between 0 23));
    dayOfWeek = optional (
      oneOrMore (
        types.enum [
          "Mon"
          "Tue"
          "Wed"
          "Thu"
          "Fri"
          "Sat"
          "Sun"
        ]
      )
    );
    dayOfMonth = optional (oneOrMore (types.ints.between 0 31));
  };
}
