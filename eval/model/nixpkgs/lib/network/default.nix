# lib.network: IPv6 addresses in their full form.
{ lib }:
let
  inherit (builtins)
    concatStringsSep elemAt filter genList head length match stringLength
    ;
  inherit (lib.strings) splitString toLower;
  inherit (lib.trivial) bitXor fromHexString toHexString;

  # The eight groups of an address; `::` stands for the groups that are not written.
  groups =
    text:
    let
      halves = map (half: filter (group: group != "") (splitString ":" half)) (splitString "::" text);
      written = builtins.concatLists halves;
      missing = 8 - length written;
      wellFormed = match "(([0-9A-Fa-f]+:)*[0-9A-Fa-f]+)?(::(([0-9A-Fa-f]+:)*[0-9A-Fa-f]+)?)?" text != null;
      all =
        if length halves == 1 then written
        else head halves ++ genList (_: "0") missing ++ elemAt halves 1;
    in
    if !wellFormed || (if length halves == 1 then missing != 0 else missing < 1) then
      throw "lib.network.ipv6: \"${text}\" is not an IPv6 address"
    else
      map group all;
  group =
    digits:
    if stringLength digits <= 15 && fromHexString digits < 65536 then
      toLower (toHexString (fromHexString digits))
    else
      throw "lib.network.ipv6: ${digits} is more than 16 bits";

  octet = "([0-9A-Fa-f]{2})";
in
{
  ipv6 = {
    # { address; prefixLength; } of an address that may have a `/length`.
    fromString =
      text:
      let
        parts = splitString "/" text;
        prefixLength = lib.strings.toInt (elemAt parts 1);
      in
      if length parts > 2 then
        throw "lib.network.ipv6: \"${text}\" has more than one prefix length"
      else
        {
          address = concatStringsSep ":" (groups (head parts));
          prefixLength =
            if length parts == 1 then 128
            else if 1 <= prefixLength && prefixLength <= 128 then prefixLength
            else throw "lib.network.ipv6: the prefix length of \"${text}\" is not between 1 and 128";
        };

    # The interface part that an address gets from a network card's MAC address.
    mkEUI64Suffix =
      mac:
      let
        octets = match (concatStringsSep "[-:.]?" (genList (_: octet) 6)) mac;
        at = elemAt octets;
      in
      if octets == null then
        throw "lib.network.ipv6.mkEUI64Suffix: \"${mac}\" is not a MAC address of six octets"
      else
        toLower (
          concatStringsSep ":" [
            # The bit that says "assigned by a local administrator" is inverted.
            (toHexString (bitXor 512 (fromHexString (at 0 + at 1))))
            "${at 2}ff"
            "fe${at 3}"
            (at 4 + at 5)
          ]
        );
  };
}
