# Rendered by fleet from fleet.yaml: change it there.
{
  # What the units of modules/watch.nix have to know.
  environment.etc."fleet/watch.json".text = builtins.toJSON {
    alerts = [ ];
    bridges = {
      br-vm1 = {
        addresses = [ "10.1.0.1/24" ];
        nat = true;
      };
      br-vm2 = {
        addresses = [ "10.2.0.1/24" ];
        nat = true;
      };
      br-vm3 = {
        addresses = [ "10.3.0.1/24" ];
        nat = true;
      };
      br-vm4 = {
        addresses = [ "10.4.0.1/24" ];
        nat = true;
      };
      br-vm5 = {
        addresses = [ "10.5.0.1/24" ];
        nat = true;
      };
    };
    capacity = {
      disk = 204800;
      memory = 32768;
      overcommit = {
        disk = 1;
        memory = 1;
        vcpu = 4;
      };
      perVm = 128;
      reserve = {
        disk = 0;
        memory = 2048;
        vcpu = 0;
      };
      vcpu = 16;
    };
    deadline = 120;
    fleet = "simple-microvm-infra";
    forwarding = true;
    gc = null;
    hypervisor = "hv1";
    orphans = "tell";
    stopTimeout = 30;
    version = 1;
    vms = {
      vm1 = {
        autostart = "always";
        checks = [
          {
            http = {
              path = "/";
              port = 80;
              status = 200;
            };
          }
        ];
        dependsOn = [ "vm2" ];
        dumps.guest = false;
        priority = 10;
        recovery = {
          attempts = 5;
          backoff = 2;
          delay = 5;
          giveUp = "fail";
          interval = 600;
          maxDelay = 300;
          maxPerHour = 20;
          restart = "always";
          unhealthy = {
            after = 3;
            every = 15;
            restart = true;
          };
        };
        state = "running";
      };
      vm2 = {
        autostart = "always";
        checks = [
          {
            tcp = 5432;
          }
        ];
        dependsOn = [ ];
        dumps.guest = false;
        priority = 10;
        recovery = {
          attempts = 5;
          backoff = 2;
          delay = 5;
          giveUp = "fail";
          interval = 600;
          maxDelay = 300;
          maxPerHour = 20;
          restart = "always";
          unhealthy = {
            after = 3;
            every = 15;
            restart = true;
          };
        };
        state = "running";
      };
      vm3 = {
        autostart = "always";
        checks = [ ];
        dependsOn = [ ];
        dumps.guest = false;
        priority = 10;
        recovery = {
          attempts = 5;
          backoff = 2;
          delay = 5;
          giveUp = "fail";
          interval = 600;
          maxDelay = 300;
          maxPerHour = 20;
          restart = "always";
          unhealthy = {
            after = 3;
            every = 15;
            restart = true;
          };
        };
        state = "running";
      };
      vm4 = {
        autostart = "always";
        checks = [ ];
        dependsOn = [ ];
        dumps.guest = false;
        priority = 10;
        recovery = {
          attempts = 5;
          backoff = 2;
          delay = 5;
          giveUp = "fail";
          interval = 600;
          maxDelay = 300;
          maxPerHour = 20;
          restart = "always";
          unhealthy = {
            after = 3;
            every = 15;
            restart = true;
          };
        };
        state = "running";
      };
      vm5 = {
        autostart = "always";
        checks = [ ];
        dependsOn = [ ];
        dumps.guest = false;
        priority = 10;
        recovery = {
          attempts = 5;
          backoff = 2;
          delay = 5;
          giveUp = "fail";
          interval = 600;
          maxDelay = 300;
          maxPerHour = 20;
          restart = "always";
          unhealthy = {
            after = 3;
            every = 15;
            restart = true;
          };
        };
        state = "running";
      };
    };
  };
}
