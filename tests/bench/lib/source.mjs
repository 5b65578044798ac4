// The simulated camera, encoded with the project's settings and published over RTSP.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { own, ownFolder } from './own.mjs'
import { ffmpeg, havatarSim } from './programs.mjs'

export const SIZE = '1280x720'
export const FPS = 30

/** The settings that the project was asked for; only the distance of key frames is open. */
export const encoder = (gop) => [
  '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p',
  '-g', String(gop), '-keyint_min', String(gop),
  '-b:v', '1000k', '-maxrate', '1200k', '-bufsize', '2000k',
]

export const rawInput = () =>
  ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', SIZE, '-r', String(FPS), '-i', 'pipe:0']

/** The whole line of a plain publisher, but for the address at its end. */
export const plainLine = (gop) => [
  '-hide_banner', '-nostats', '-loglevel', 'warning',
  ...rawInput(), ...encoder(gop), '-f', 'rtsp', '-rtsp_transport', 'tcp',
]

/** `havatar-sim camera | ffmpeg LINE URL`, as two processes of our own joined by a named pipe. */
export function startCamera({ gop, url, line = plainLine(gop) }) {
  const pipe = join(ownFolder(), 'frames')
  execFileSync('mkfifo', [pipe])
  // The shell only opens the pipe and then becomes the program, so that the pid is the program's.
  const camera = own('sh', ['-c', 'exec "$@" >"$0"', pipe, havatarSim(), 'camera', '--size', SIZE, '--fps', String(FPS)])
  const publisher = own('sh', ['-c', 'exec "$@" <"$0"', pipe, ffmpeg, ...line, url])
  return {
    camera,
    publisher,
    lines: () => [...camera.lines, ...publisher.lines],
    running: () => camera.running() && publisher.running(),
    end: async () => {
      await publisher.end()
      await camera.end()
    },
  }
}
