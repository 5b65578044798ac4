// What a story asserts.
import assert from 'node:assert/strict'

export { assert }

/** A figure within its limits, told either way. */
export function within(rig, name, value, most, unit = 'ms') {
  rig.figure(name, `${value} ${unit}`)
  assert.ok(value <= most, `${name} is ${value} ${unit}, more than ${most}`)
}

/** A camera, small enough for an emulated encoder, with these keys as well. */
const cameraWith = (more) => `media:\n  camera: {source: v4l2, size: 320x180, fps: 10, bitrate: 400k${more ? `, ${more}` : ''}}\n  microphone: {source: off}\n  speaker: {output: off}\n`

export const CONFIG = {
  camera: cameraWith(),
  cameraWith,
  sound: 'media:\n  camera: {source: off}\n  microphone: {source: auto}\n  speaker: {output: auto}\n',
  robot: (port) => `media:\n  camera: {source: off}\n  microphone: {source: off}\n  speaker: {output: off}\nrobot: {port: "${port}"}\n`,
}
