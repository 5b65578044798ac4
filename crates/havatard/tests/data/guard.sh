#!/bin/sh
# Stands in for the guard process where a nursery is needed but never gives birth: says that it watches,
# and goes when its parent does.
printf + >&0
exec cat >/dev/null
