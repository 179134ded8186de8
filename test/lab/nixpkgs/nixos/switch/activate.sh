#!/bin/bash
# Makes the running machine look like this system: /etc, users, host name, /run/current-system.
# Like NixOS it goes on after a failing part and says so with its exit status.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
status=0
trap 'status=1' ERR

echo 'setting up /etc...'
etc=@etc@
ln -sfn "$etc" /etc/static.new && mv -T /etc/static.new /etc/static
# Entries of the system before: links that lead nowhere now, and copies that are not made again.
find /etc -xdev -type l -lname '/etc/static/*' -xtype l -delete
etc=$etc perl -we '
  use strict;
  use File::Basename "dirname";
  use File::Path "make_path";
  my $etc = $ENV{etc};
  sub text { open(my $file, "<", $_[0]) or die "$_[0]: $!\n"; local $/; my $text = <$file>; return $text // "" }
  if (-e "/etc/.clean") { -e "$etc/$_.mode" or unlink "/etc/$_" for split /\n/, text("/etc/.clean") }
  my @copied;
  my @folders = ("");
  while (@folders) {
    my $folder = shift @folders;
    opendir(my $entries, "$etc/$folder") or die "$etc/$folder: $!\n";
    for my $name (grep { !/^\.\.?$/ && !/\.mode$/ } readdir $entries) {
      my $file = "$folder$name";
      if (-d "$etc/$file" && !-l "$etc/$file") { push @folders, "$file/"; next }
      make_path(dirname("/etc/$file"));
      if (-e "$etc/$file.mode") {
        open(my $copy, ">", "/etc/$file.new") or die "/etc/$file.new: $!\n";
        print $copy text("$etc/$file");
        close $copy or die "/etc/$file.new: $!\n";
        chmod oct(text("$etc/$file.mode")), "/etc/$file.new";
        push @copied, $file;
      } elsif ((readlink("/etc/$file") // "") ne "/etc/static/$file") {
        unlink "/etc/$file.new";
        symlink "/etc/static/$file", "/etc/$file.new" or die "/etc/$file.new: $!\n";
      } else { next }
      rename "/etc/$file.new", "/etc/$file" or die "/etc/$file: $!\n";
    }
  }
  open(my $clean, ">", "/etc/.clean") or die "/etc/.clean: $!\n";
  print $clean map { "$_\n" } @copied;
  close $clean or die "/etc/.clean: $!\n";
'

# Users of this system are made, users of the system before it that are gone lose their account.
wanted=@usersGroups@
state=/var/lib/nixos
mkdir -p "$state"
if ! cmp -s "$wanted" "$state/users-groups.json"; then
  echo 'updating users and groups...'
  jq -r '.groups[] | [.name, .gid // "-"] | @tsv' "$wanted" | while read -r name gid; do
    getent group "$name" > /dev/null && continue
    if [ "$gid" = - ]; then groupadd --system "$name"; else groupadd --gid "$gid" "$name"; fi
  done
  jq -r '.users[].name' "$wanted" | sort > "$state/declarative-users.new"
  if [ -e "$state/declarative-users" ]; then
    comm -23 "$state/declarative-users" "$state/declarative-users.new" | while read -r name; do
      userdel --force "$name" 2> /dev/null
    done
  fi
  jq -r '.users[] | [.name, .group, .home, .shell, (if .isNormalUser then "normal" else "system" end),
    .hashedPassword // "!", (.extraGroups | join(",") | if . == "" then "-" else . end)] | @tsv' "$wanted" |
    while read -r name group home shell kind password groups; do
      [ "$groups" != - ] || groups=
      if ! getent passwd "$name" > /dev/null; then
        if [ "$kind" = normal ]; then
          useradd --gid "$group" --home-dir "$home" --create-home --shell "$shell" "$name"
        else
          useradd --system --gid "$group" --home-dir "$home" --shell "$shell" "$name"
        fi
      fi
      usermod --groups "$groups" --password "$password" "$name"
    done
  mv "$state/declarative-users.new" "$state/declarative-users"
  cp "$wanted" "$state/users-groups.json"
fi

name=@hostName@
[ -z "$name" ] || hostname "$name"

mkdir -p /run/wrappers/bin
ln -sfn /usr/bin/sudo /run/wrappers/bin/sudo
ln -sfn /usr/bin/su /run/wrappers/bin/su

@custom@

ln -sfn @toplevel@ /run/current-system.new && mv -T /run/current-system.new /run/current-system
exit $status
