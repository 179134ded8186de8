# access.sh CHECKOUT HYPERVISOR: who could still get in after the first switch of an adopted host,
# as JSON. Asked of the new system's own configuration, before anything is activated.
json=$(nix eval --json "git+file://$R$1#nixosConfigurations.$2.config" --apply '
c: {
  sshd = c.services.openssh.enable;
  ports = c.services.openssh.ports;
  rootLogin = c.services.openssh.settings.PermitRootLogin or "prohibit-password";
  firewall = c.networking.firewall.enable;
  openPorts = c.networking.firewall.allowedTCPPorts;
  openRanges = c.networking.firewall.allowedTCPPortRanges;
  wheelNeedsPassword = c.security.sudo.wheelNeedsPassword;
  sudoers = builtins.concatMap (
    rule:
    if builtins.any (a: a.command or "" == "ALL" && builtins.elem "NOPASSWD" a.options) rule.commands then
      rule.users
    else
      [ ]
  ) (c.security.sudo.extraRules or [ ]);
  users = builtins.mapAttrs (name: u: {
    groups = u.extraGroups;
    keys = u.openssh.authorizedKeys.keys ++ map builtins.readFile (u.openssh.authorizedKeys.keyFiles or [ ]);
  }) c.users.users;
}')
# On a line of its own: what Nix has to warn of is in the same log.
printf 'access\t%s\n' "$json"
