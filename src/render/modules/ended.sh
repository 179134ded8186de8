# ExecStopPost of microvm@ and its helpers, behind the libraries: ended.sh UNIT NAME records the end. As root, in < 2 s.
