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

export const rawInput = (size = SIZE, fps = FPS) =>
  ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', size, '-r', String(fps), '-i', 'pipe:0']

/** `havatar-sim camera | ffmpeg`, as two processes of our own joined by a named pipe. */
export async function startCamera({ gop, url, size = SIZE, fps = FPS, output }) {
  const pipe = join(ownFolder(), 'frames')
  execFileSync('mkfifo', [pipe])
  // The shell only opens the pipe and then becomes the program, so that the pid is the program's.
  const camera = own('sh', ['-c', 'exec "$@" >"$0"', pipe, havatarSim(), 'camera', '--size', size, '--fps', String(fps)])
  const publisher = own('sh', [
    '-c', 'exec "$@" <"$0"', pipe, ffmpeg, '-hide_banner', '-nostats', '-loglevel', 'warning',
    ...rawInput(size, fps), ...(output ?? [...encoder(gop), '-f', 'rtsp', '-rtsp_transport', 'tcp', url]),
  ])
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
