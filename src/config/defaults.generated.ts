// Generated from schemas/fleet.schema.json by `npm run generate`. Do not edit.

import type { Data } from '../model/fleet.ts';

/** What a field is when nobody writes it, and the fields inside of it. */
export interface Defaults {
  readonly value?: Data;
  readonly fields?: Readonly<Record<string, Defaults>>;
  readonly items?: Defaults;
  readonly values?: Defaults;
}

export const defaults: Readonly<Record<'vm' | 'hypervisor' | 'network', Defaults>> = {
  "vm": {
    "fields": {
      "on": {},
      "network": {},
      "networks": {
        "items": {
          "fields": {
            "name": {},
            "address": {}
          }
        }
      },
      "address": {},
      "vsock": {},
      "profiles": {
        "value": [],
        "items": {}
      },
      "vcpu": {
        "value": 1
      },
      "memory": {
        "value": "1GiB"
      },
      "hypervisor": {
        "value": "qemu"
      },
      "store": {
        "value": "shared"
      },
      "timezone": {
        "value": "UTC"
      },
      "stateVersion": {
        "value": "25.11"
      },
      "balloon": {
        "value": false
      },
      "state": {
        "value": "running"
      },
      "autostart": {},
      "tags": {
        "value": [],
        "items": {}
      },
      "packages": {
        "value": [],
        "items": {}
      },
      "users": {
        "value": {},
        "values": {
          "fields": {
            "groups": {
              "value": [],
              "items": {}
            },
            "sshKeys": {
              "value": [],
              "items": {}
            }
          }
        }
      },
      "config": {
        "value": {}
      },
      "modules": {
        "value": [],
        "items": {}
      },
      "volumes": {
        "value": [],
        "items": {
          "fields": {
            "mount": {},
            "size": {},
            "image": {},
            "fs": {
              "value": "ext4"
            }
          }
        }
      },
      "shares": {
        "value": [],
        "items": {
          "fields": {
            "source": {},
            "mount": {},
            "readOnly": {
              "value": false
            }
          }
        }
      },
      "publish": {
        "value": [],
        "items": {}
      },
      "credentials": {
        "value": {},
        "values": {}
      },
      "checks": {
        "value": [],
        "items": {
          "fields": {
            "tcp": {},
            "http": {
              "fields": {
                "port": {},
                "path": {
                  "value": "/"
                },
                "status": {
                  "value": 200
                }
              }
            },
            "run": {},
            "within": {}
          }
        }
      },
      "dependsOn": {
        "value": [],
        "items": {}
      }
    }
  },
  "hypervisor": {
    "fields": {
      "ssh": {
        "fields": {
          "host": {},
          "user": {},
          "port": {},
          "jump": {},
          "identityFile": {},
          "sudo": {}
        }
      },
      "system": {},
      "stateVersion": {},
      "checkout": {
        "value": "/var/lib/fleet/repo"
      },
      "uplink": {},
      "tags": {
        "value": [],
        "items": {}
      },
      "capacity": {
        "value": {},
        "fields": {
          "vcpu": {},
          "memory": {},
          "disk": {},
          "reserve": {
            "value": {},
            "fields": {
              "vcpu": {
                "value": 0
              },
              "memory": {},
              "disk": {}
            }
          },
          "overcommit": {
            "value": {},
            "fields": {
              "vcpu": {
                "value": 4
              },
              "memory": {
                "value": 1
              },
              "disk": {
                "value": 1
              }
            }
          }
        }
      },
      "autostart": {
        "value": "all"
      },
      "tailscale": {
        "value": {},
        "fields": {
          "enable": {
            "value": false
          },
          "advertiseRoutes": {
            "value": false
          }
        }
      },
      "dns": {
        "value": {},
        "fields": {
          "forwardTo": {
            "value": [
              "1.1.1.1",
              "9.9.9.9"
            ],
            "items": {}
          }
        }
      },
      "packages": {
        "value": [],
        "items": {}
      },
      "users": {
        "value": {},
        "values": {
          "fields": {
            "groups": {
              "value": [],
              "items": {}
            },
            "sshKeys": {
              "value": [],
              "items": {}
            }
          }
        }
      },
      "config": {
        "value": {}
      },
      "modules": {
        "value": [],
        "items": {}
      }
    }
  },
  "network": {
    "fields": {
      "subnet": {},
      "subnet6": {},
      "bridge": {},
      "nat": {
        "value": true
      },
      "isolated": {
        "value": true
      },
      "allow": {
        "value": [],
        "items": {}
      },
      "egress": {
        "value": "all",
        "items": {}
      },
      "metadata": {
        "value": false
      }
    }
  }
};
