// All stories, in the order in which they are told.
import { backup, update } from './backup.mjs'
import { camera } from './camera.mjs'
import { clock, cutsTen, power } from './power.mjs'
import { controls } from './controls.mjs'
import { install, upgrade } from './package.mjs'
import { panel } from './panel.mjs'
import { serial } from './serial.mjs'
import { sound } from './sound.mjs'
import { groups, watchdog } from './service.mjs'

export const stories = [
  install, camera, controls, sound, serial, groups, watchdog, power, clock, panel, upgrade, update, backup, cutsTen,
]
