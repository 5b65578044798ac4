#!/bin/sh
# Six processes: a shell that ignores what it can, a child in its group and one that it waits for, and two that
# went into sessions of their own, one of them with a child.
trap '' INT TERM HUP
sleep 1000 &
setsid sleep 1000 &
setsid sh -c 'sleep 1000 & wait' &
while :; do sleep 1000; done
