// What driving needs of the page around it.

import type { Attention } from '../core/attention';
import type { Clock } from '../core/clock';
import type { DriveApi } from './api';

export interface DriveDeps {
  api: DriveApi;
  clock: Clock;
  attention: Attention;
  /** Opens a socket to the drive route. */
  connect: () => WebSocket;
  /** Says a stop on a socket that is open anyway, beside its other ways; nothing comes back. */
  sayStop: (type: 'stop' | 'estop') => void;
  /** Age of the newest picture on the driver's screen, ms; null if it is not known. */
  pictureMs: () => number | null;
  /** STOP and the e-stop are on the screen and work. */
  stopReachable: () => boolean;
  /** The page lets its driver set off: the picture is live and seen, no e-stop is latched. */
  mayDrive: () => boolean;
}
