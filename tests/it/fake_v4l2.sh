# In ffmpeg's place where there is no camera: `-f v4l2 ... -i DEVICE` becomes the simulated camera's picture in the
# format that was asked for, as long as the file DEVICE is there. Everything else is the real ffmpeg's affair.
case " $* " in *' v4l2 '*) ;; *) exec ffmpeg "$@" ;; esac

format= size= rate= device= listing=
count=$#
while [ "$count" -gt 0 ]; do
  arg=$1
  shift
  count=$((count - 1))
  case $arg in
    -list_formats) listing=yes; shift; count=$((count - 1)) ;;
    -f) if [ "$1" = v4l2 ]; then shift; count=$((count - 1)); else set -- "$@" -f; fi ;;
    -input_format) format=$1; shift; count=$((count - 1)) ;;
    -video_size) size=$1; shift; count=$((count - 1)) ;;
    -framerate) rate=$1; shift; count=$((count - 1)) ;;
    -i) device=$1; shift; count=$((count - 1)); set -- "$@" -f nut -i pipe:0 ;;
    *) set -- "$@" "$arg" ;;
  esac
done

if ! [ -e "$device" ]; then
  echo "[video4linux2,v4l2 @ 0x55] Cannot open video device $device: No such file or directory" >&2
  echo "$device: No such file or directory" >&2
  exit 1
fi
if [ "$listing" ]; then
  cat >&2 <<EOF
[video4linux2,v4l2 @ 0x5581] Raw       : Unsupported :  10-bit Bayer BGBG/GRGR Packed : 640x480 320x180
[video4linux2,v4l2 @ 0x5581] Raw       :     yuyv422 :           YUYV 4:2:2 : 640x480 320x180
[video4linux2,v4l2 @ 0x5581] Compressed:       mjpeg :          Motion-JPEG : 640x480 320x180
[video4linux2,v4l2 @ 0x5581] Compressed:        h264 :                H.264 : 640x480 320x180
$device: Immediate exit requested
EOF
  exit 1
fi
case $format in
  h264) codec='libx264 -preset ultrafast -tune zerolatency -g 10 -pix_fmt yuv420p' ;;
  mjpeg) codec='mjpeg -q:v 4 -pix_fmt yuvj420p' ;;
  *) codec='rawvideo -pix_fmt yuyv422' ;;
esac

watch() { # ends its child when the device goes
  "$@" &
  child=$!
  while [ -e "$device" ] && kill -0 $child 2>/dev/null; do sleep 0.05; done
  kill $child 2>/dev/null
  [ -e "$device" ] || echo "[video4linux2,v4l2 @ 0x55] ioctl(VIDIOC_DQBUF): No such device" >&2
}
# shellcheck disable=SC2086
watch '@SIM@' camera --size "$size" --fps "$rate" |
  ffmpeg -nostdin -v error -fflags nobuffer -f rawvideo -pixel_format yuv420p -video_size "$size" -framerate "$rate" \
    -i pipe:0 -c:v $codec -f nut -flush_packets 1 pipe:1 |
  ffmpeg "$@"
