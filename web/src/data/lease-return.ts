// Acquires the robot again for a page that lost it without wanting to: by a reload, or because the network was gone for longer than a
// lease lasts. The robot reserves an expired lease for its sign-in (docs/driving.md), and names it until another client has it or the time
// is over. Nothing moves by this: the wheels stand until a person presses anew.

import type { Attention } from '../lib/core/attention';
import type { Observable } from '../lib/core/observable';
import type { Drive } from '../lib/drive/drive';
import type { StatusState } from './status';
import { read, write } from './storage';

const LEASE = 'havatar.own-lease';

export interface LeaseReturnDeps {
  drive: Pick<Drive, 'state' | 'acquire'>;
  status: Observable<StatusState>;
  attention: Pick<Attention, 'hidden'>;
  /** The storage of this tab: another tab's lease is none of this page's business. */
  tab: Storage | null;
}

export function returnLease({ drive, status, attention, tab }: LeaseReturnDeps): void {
  let own = Number(read(tab, LEASE)) || null;
  const remember = (lease: number | null) => {
    own = lease;
    write(tab, LEASE, lease === null ? null : String(lease));
  };
  drive.state.watchFields(['lease', 'ended'], ({ lease, ended }) => {
    if (lease !== null) remember(lease);
    // Given back, signed out, or another client's by now.
    else if (ended?.code === 'released' || ended?.code === 'signed_out' || ended?.driver) {
      remember(null);
    }
  });
  status.watchFields(['robot', 'events'], ({ robot, events }) => {
    if (own === null || events !== 'open' || robot === null) return;
    // A page that nobody sees would hold the robot for nobody.
    if (drive.state.value.phase !== 'idle' || attention.hidden()) return;
    const lease = robot.driver?.lease ?? robot.reserved?.lease ?? null;
    if (lease !== own) return;
    // Once: what the robot refuses now, a person may ask for.
    remember(null);
    void drive.acquire();
  });
}
