// All stories, in the order in which they are told.
import { backup, update } from './backup.mjs'
import { camera } from './camera.mjs'
import { clock, power } from './power.mjs'
import { install, upgrade } from './package.mjs'
import { serial } from './serial.mjs'
import { sound } from './sound.mjs'
import { watchdog } from './service.mjs'

export const stories = [install, camera, sound, serial, watchdog, power, clock, upgrade, update, backup]
