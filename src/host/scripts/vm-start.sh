# vm-start.sh NAME
systemctl start "microvm@$1.service"
