"""How everything in a container is asked to end, in POSIX sh with its builtins and `sleep`: dash, bash and busybox.

ECS sends SIGTERM to a container's first process; its init passes it to its one child, and with that child the container
is over. So that child must be a shell which tells the others and waits for them. In what order, and why, is said in
`local/process_driver/graceful_stop.py`: the rules are the same in both homes.

Names are short and remarks are left out, for all of it stands in each definition that is derived.
"""

# SIGTERM, and what images name instead of it (STOPSIGNAL).
SIGNALS = "HUP INT QUIT TERM USR1 WINCH"
_SPARE = 30  # hundredths of a second: whoever waits for SIGKILL has no exit code left to give

FUNCTIONS = r"""
# r: whose descendants are the task's: the runner s; the container's init i, to whom orphans come; and the workers of
# ECS Exec. Init is i only where it is about as old as we are, so that a whole machine is nobody's task.
# l: the living of the task; z: the dead whom nobody waited for; S: set while the runner lives. Of each: x its state,
# u its parent, t its terminal, b its beginning, e how it ended: 15, SIGTERM, of who is another's.
look() {
l= z= n= S= r=" $i $s "
for f in /proc/[0-9]*; do
read -r x <$f/stat || continue
p=${f#/proc/}
case $i$x in 1*"(ssm-session-wor)"*) r="$r$p ";; esac
set -- ${x##*) }
# A name can hold anything, a line's end too.
case $2$5${20}${50} in *[!0-9]*) continue;; esac
eval x$p=$1 u$p=$2 t$p=$5 b$p=${20} e$p=${50}
[ -O $f ] || eval e$p=15
case $1 in
[ZX]) z="$z $p";;
*) n="$n $p"; [ $p = "$s" ] && S=1;;
esac
done
for p in $n; do
q=$p
case " $s $$ " in *" $p "*) q=0;; esac
until [ $q = 0 ]; do
eval q=\${u$q:-0}
case $r in *" $q "*) l="$l $p"; break;; esac
[ $q = $$ ] && break
done
done
}

# k: the children of $1 in the list $2; y: the youngest of them. A `return` without a number would be that of the trap.
kids() {
k= y=
for q in $2; do
eval "[ \$u$q = $1 ]" || continue
k="$k $q"
[ $q -gt ${y:-0} ] && y=$q
done
[ "$k" ]
}

shell() { [ /proc/$1/exe -ef /bin/sh ] || [ /proc/$1/exe -ef /bin/bash ]; }

# Whether SIGTERM would end it: the signal's bit is set in no mask.
ends() {
while read -r x y; do
case $x$y in Sig[IC]*[4-7c-f]???) return 1;; esac
done </proc/$1/status
}

# Whether $1 reads what one of the others, v, writes.
fed() {
x=$1
shift
[ -p /proc/$x/fd/0 ] && for v; do
[ $v = $x ] || for y in 1 2; do [ /proc/$x/fd/0 -ef /proc/$v/fd/$y ] && return 0; done
done
return 1
}

# Let the input of a reader end as far as we are concerned.
shut() {
eval x=\$d$1
eval "exec $x>&-"
}

# h: the shells that are held; before any child of theirs ends, or they would go on. A child that is over by then ended
# untold, and how it did is nothing to the line, which is cut off behind it.
held() { case "$h " in *" $1 "*) ;; *) return 1;; esac; }
tell() {
for p; do
held $p && continue
shell $p && ends $p && kill -STOP $p && h="$h $p" || continue
kids $p "$z" && for q in $k; do eval c$q=15; done
done
for p; do held $p || kill -TERM $p; done
for p; do held $p || kill -CONT $p; done
}

# N: the time, in hundredths of a second.
now() {
read -r N x </proc/uptime
N=${N%.*}${N#*.}
}

# Stop all: parents first, or who looks after jobs would take a child for one that somebody suspended; and until they
# have really stopped, or a shell might yet ask how its child has ended. y: how many looks that may take.
freeze() {
a= y=99
while look; o=; [ $y -gt 0 ]; do
y=$((y-1))
for p in $l; do
eval "[ \$x$p = T ]" && continue
o=1
eval q=\$u$p
case "$a " in *" $p "*) continue;; esac
case "$l " in *" $q "*) eval "[ \$x$q = T ]" || continue;; esac
kill -STOP $p
a="$a $p"
done
[ "$o" ] || break
done
}

# Returns with the task, or just before SIGKILL; c: how the runner's child m ended, if it was held. T: the time.
stop() {
h= R= d=3 i=$s
look
# The line may be just beginning. Until the runner has a child there is nobody to tell; and until that is no longer the
# runner's own shell, with the pipe that only that has, what it is told is forgotten by whom it becomes.
until [ ! "$S" ] || kids $s "$l" && ! [ /proc/$y/fd/8 -ef /proc/$s/fd/8 ]; do look; done
[ $((b$$-b1)) -lt 1000 ] && i=1
now
E=$((N+T)) M=$((N+T/2))
freeze
o=
# R: the readers; of each: d what holds its input open, w who writes to it, j since how many looks nobody does.
for p in $l; do
eval "[ \$u$p = \"$s\" ]" && m=$p
if fed $p $l; then
eval w$p=$v
R="$R $p"
[ $d -lt 9 ] && eval "command exec $d>/proc/$p/fd/0" && eval d$p=$d && d=$((d+1))
else o="$o $p"
fi
done
tell $o
kill -CONT $R
while look; [ "$l$S" ]; do
now
o=$h h= a=
for p in $o; do
case "$l " in *" $p "*) ;; *) continue;; esac
kids $p "$l"
for q in $k; do fed $q $p || { h="$h $p"; continue 2; }; done
kids $p "$z"
eval "c$p=\${c$y:-\${e$y:-15}}"
kill -TERM $p
kill -CONT $p
a=1
done
o=$R R= D= X=
for p in $o; do
case "$l " in *" $p "*) ;; *) continue;; esac
fed $p $l && eval w$p=$v
eval v=\$w$p
case "$l " in
*" $v "*) y=0;;
*)
y=$((j$p+1))
[ $y = 1 ] && eval "[ \"\${c$v:-\$e$v}\" = 0 ]" && y=-8 && shut $p
esac
eval j$p=$y
if [ $y -gt 1 ] || [ $N -ge $M ]; then
kids $p "$l"
D="$D $p $k" X="$X $p"
else R="$R $p"
fi
done
tell $D
for p in $X; do shut $p; done
# g: since how many looks a shell has been at its prompt, where SIGTERM is nothing to it.
for p in $l; do
if eval "[ \$t$p != 0 ]" && shell $p && ! kids $p "$l"; then
eval "g$p=\$((g$p+1)) y=\$g$p"
[ $y -gt 10 ] && kill -HUP $p
else eval g$p=0
fi
done
if [ $N -ge $E ]; then
[ "$S" ] || break
kids $m "$z $l"
case "$h " in *" $m "*) case "$z " in *" $y "*) eval "c$m=\${c$y:-\$e$y}"; break;; esac;; esac
fi
[ "$a" ] || sleep 0.1 || sleep 1 || break
done
eval c=\$c$m
}
"""


def compact(script: str) -> str:
    return "".join(f"{line}\n" for line in script.splitlines() if line and not line.startswith("#"))


def patience(stop_timeout: float) -> str:
    """Return the T of `stop`, for what is killed after so many seconds."""
    return str(round(stop_timeout * 100) - _SPARE)
