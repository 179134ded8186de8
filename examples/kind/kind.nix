# Hand-written, imported as it is: Docker, kind, and a unit that makes the cluster, or starts it again.
{ pkgs, ... }:
let
  # As in fleet.yaml: the certificate of the API server has to name it.
  address = "10.20.0.2";
  kubeconfig = "/var/lib/kind/kubeconfig";
  cluster = pkgs.writeText "kind.yaml" (
    builtins.toJSON {
      kind = "Cluster";
      apiVersion = "kind.x-k8s.io/v1alpha4";
      name = "kind";
      networking = {
        apiServerAddress = "0.0.0.0";
        apiServerPort = 6443;
      };
      kubeadmConfigPatches = [
        ''
          kind: ClusterConfiguration
          apiServer:
            certSANs: [ localhost, 127.0.0.1, 0.0.0.0, ${address} ]
        ''
      ];
      nodes = [ { role = "control-plane"; } ];
    }
  );
in
{
  virtualisation.docker.enable = true;

  environment.systemPackages = [
    pkgs.kind
    pkgs.kubectl
  ];
  # Also for commands over ssh, such as the check.
  environment.variables.KUBECONFIG = kubeconfig;

  users.groups.kind = { };
  networking.firewall.allowedTCPPorts = [ 6443 ];

  systemd.services.kind = {
    description = "Kubernetes in Docker";
    wantedBy = [ "multi-user.target" ];
    wants = [ "network-online.target" ];
    requires = [ "docker.service" ];
    after = [
      "docker.service"
      "network-online.target"
    ];
    path = [
      pkgs.docker
      pkgs.kind
    ];
    environment.HOME = "/var/lib/kind";
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      StateDirectory = "kind";
      TimeoutStartSec = "15min";
      Restart = "on-failure";
      RestartSec = "15s";
    };
    script = ''
      if docker inspect kind-control-plane >/dev/null 2>&1; then
        docker start kind-control-plane
      else
        # What was left of one that was cut short has no node.
        kind delete cluster
        kind create cluster --config ${cluster} --kubeconfig ${kubeconfig}.new
      fi
      kind get kubeconfig >${kubeconfig}.new
      chgrp kind ${kubeconfig}.new
      chmod 0640 ${kubeconfig}.new
      mv ${kubeconfig}.new ${kubeconfig}
    '';
  };
}
