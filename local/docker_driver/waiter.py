"""What the container of an attached task runs: it waits, for the command runs in a session beside it.

At a stop it tells everybody in the container, and goes when they have gone: with it the container is over. A shell at
its prompt does not heed SIGTERM, and is hung up on after a second.
"""

STOPPED = 143  # as the shell says it of a process that SIGTERM ended

# POSIX sh with its builtins and `sleep`. A sleep in the foreground would hold back the trap.
_SCRIPT = f"""exec 2>/dev/null
idle() {{
for f in /proc/[0-9]*; do
p=${{f#/proc/}}
[ "$p" != $$ ] && [ "$p" != 1 ] || continue
[ /proc/$p/exe -ef /bin/sh ] || [ /proc/$p/exe -ef /bin/bash ] || continue
read -r x <$f/task/$p/children && [ "$x" ] && continue
read -r x <$f/stat || continue
set -- ${{x##*) }}
[ "$5" != 0 ] && kill -HUP $p
done
}}
stop() {{
trap '' HUP INT QUIT TERM
kill $!
wait
kill -TERM -1
kill -CONT -1
n=0
while kill -0 -1; do
sleep 0.1 || sleep 1
n=$((n+1))
[ $n -gt 10 ] && idle
done
exit {STOPPED}
}}
trap stop HUP INT QUIT TERM
while :; do
sleep 3600 &
wait $!
done
"""
COMMAND = [_SCRIPT, "tapit-waiter"]
