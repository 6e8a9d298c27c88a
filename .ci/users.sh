# Who runs what in .ci/run: commands that run a command as somebody. To be sourced by root.

user=pipeline-tester
user_home=/home/$user
# What is root's alone, such as interpreters in root's home, is neither on an ordinary user's path nor named to them.
not_theirs=(-u XDG_RUNTIME_DIR -u PYENV_ROOT PATH=/usr/local/bin:/usr/bin:/bin)

step() { # SENTENCE
  printf '\n== %s (%s s)\n' "$1" "$SECONDS"
}

make_user() {
  id -u "$user" >/dev/null 2>&1 || useradd --create-home "$user"
  chmod 755 "$user_home"
}

as_user() { # COMMAND...: as an ordinary user
  runuser -u "$user" -- env "${not_theirs[@]}" HOME="$user_home" USER="$user" LOGNAME="$user" "$@"
}

as_user_of() { # GROUP COMMAND...: as the same user, who is in one group more
  local group=$1
  shift
  runuser -u "$user" -G "$group" -- env "${not_theirs[@]}" HOME="$user_home" USER="$user" LOGNAME="$user" "$@"
}

as_nobody() { # COMMAND...: as a user id that is nowhere written down, of the group root, as some clusters give it
  setpriv --reuid=54321 --regid=0 --clear-groups -- \
    env -u HOME -u USER -u LOGNAME "${not_theirs[@]}" PYTHONDONTWRITEBYTECODE=1 "$@"
}

as_root() { # COMMAND...: as root, in a folder of the user's, where nothing of root's is left behind
  env -u JUPYTER_PIPELINE_LEFT PYTHONDONTWRITEBYTECODE=1 "$@"
}
