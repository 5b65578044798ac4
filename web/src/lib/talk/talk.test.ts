import { beforeEach, describe, expect, test } from 'vitest';
import { settle } from '../../testing/fake-clock';
import { refusal } from '../../testing/fake-drive';
import { TalkBench } from '../../testing/fake-talk';
import type { NoMicrophone } from './state';

let bench: TalkBench;

beforeEach(() => {
  bench = new TalkBench();
});

describe('as the page opens', () => {
  test('the line is opened in silence, if nobody has to be asked', async () => {
    await bench.ready();
    expect(bench.phase).toBe('ready');
    expect(bench.microphone.track.enabled).toBe(false);
    expect(bench.session.track).toBe(bench.microphone.track);
    expect(bench.told).toEqual([]);
  });

  test('nobody is asked by a page alone', async () => {
    bench.permission = 'prompt';
    await bench.talk.begin();
    expect(bench.microphones).toEqual([]);
    expect(bench.phase).toBe('free');
  });

  test.each(['insecure', 'denied', 'unsupported'] as const)('%s is said', async (reason) => {
    bench.permission = reason;
    await bench.talk.begin();
    expect(bench.state).toMatchObject({ phase: 'unavailable', reason });
  });

  test('a line that somebody has is not taken by a page alone', async () => {
    bench.heard('Ana', false);
    await bench.talk.begin();
    expect(bench.sessions).toEqual([]);
    expect(bench.phase).toBe('free');
    bench.heard(null);
    await bench.clock.advance(3000);
    bench.session.connects();
    expect(bench.phase).toBe('ready');
  });
});

describe('a press', () => {
  test('is heard at once, and told to the daemon beside that', async () => {
    await bench.ready();
    bench.talk.press();
    expect(bench.microphone.open).toBe(true);
    expect(bench.phase).toBe('talking');
    await settle();
    expect(bench.told).toEqual(['s1 on']);
    await bench.press();
    expect(bench.microphone.open).toBe(false);
    expect(bench.phase).toBe('ready');
    expect(bench.told).toEqual(['s1 on', 's1 off']);
    expect(bench.sessions.length).toBe(1);
  });

  test('asks for the microphone where nobody has been asked, and is heard when the line is there', async () => {
    bench.permission = 'prompt';
    await bench.press();
    expect(bench.state).toMatchObject({ phase: 'connecting', wanted: true });
    expect(bench.microphone.open).toBe(false);
    bench.session.connects();
    expect(bench.phase).toBe('talking');
    expect(bench.microphone.open).toBe(true);
  });

  test('a second one before the line is there takes the first back', async () => {
    await bench.press();
    await bench.press();
    bench.session.connects();
    await settle();
    expect(bench.phase).toBe('ready');
    expect(bench.microphone.open).toBe(false);
    expect(bench.told).toEqual([]);
  });

  test('pressed on and off while the daemon is slow, it is told the last word and no other order', async () => {
    await bench.ready();
    let answer: () => void = () => undefined;
    bench.deaf = [new Promise<void>((resolve) => (answer = resolve))];
    await bench.press();
    await bench.press();
    await bench.press();
    expect(bench.told).toEqual(['s1 on']);
    await bench.press();
    answer();
    await settle();
    expect(bench.told).toEqual(['s1 on', 's1 off']);
  });

  test('is told again to a daemon that was not reached', async () => {
    await bench.ready();
    bench.deaf = [refusal(0, 'network'), refusal(503, 'busy')];
    await bench.press();
    await bench.clock.advance(600);
    expect(bench.told).toEqual(['s1 on', 's1 on', 's1 on']);
    expect(bench.phase).toBe('talking');
  });

  test.each<NoMicrophone>(['denied', 'no_device', 'busy', 'insecure'])(
    '%s is explained, and another press tries again',
    async (reason) => {
      bench.permission = 'prompt';
      bench.noMicrophone = reason;
      await bench.press();
      expect(bench.state).toMatchObject({ phase: 'unavailable', reason, wanted: false });
      bench.noMicrophone = null;
      await bench.press();
      bench.session.connects();
      expect(bench.state).toMatchObject({ phase: 'talking', reason: null });
    },
  );

  test('a line that does not come is waited for a while, not for ever', async () => {
    bench.refusals = Array.from({ length: 99 }, () => refusal(503, 'unavailable'));
    await bench.press();
    await bench.clock.advance(10_000);
    expect(bench.state).toMatchObject({ wanted: true, failure: 'unavailable' });
    await bench.clock.advance(10_000);
    expect(bench.state).toMatchObject({ wanted: false, closed: 'line_lost' });
    bench.refusals = [];
    await bench.clock.advance(40_000);
    bench.session.connects();
    expect(bench.microphone.open).toBe(false);
    expect(bench.phase).toBe('ready');
  });

  test('who may not talk is told so, and not asked again and again', async () => {
    bench.refusals = [refusal(403, 'not_allowed')];
    await bench.press();
    await bench.clock.advance(60_000);
    expect(bench.sessions.length).toBe(1);
    expect(bench.state).toMatchObject({ phase: 'free', wanted: false, failure: 'not_allowed' });
  });
});

describe('somebody else', () => {
  test('who is talking refuses the line, by name', async () => {
    bench.heard('Ana', false);
    bench.refusals = [refusal(409, 'talk_held')];
    await bench.press();
    expect(bench.state).toMatchObject({ phase: 'held', heldBy: 'Ana', wanted: false });
    await bench.press();
    await bench.clock.advance(60_000);
    expect(bench.sessions.length).toBe(1);
  });

  test('who drives takes the line from who talks and does not drive, and is refused by another driver', async () => {
    bench.heard('Ana');
    bench.talk.press(true);
    await settle();
    bench.session.connects();
    await settle();
    expect(bench.state).toMatchObject({ phase: 'talking', heldBy: null, wanted: true });
    bench = new TalkBench();
    bench.heard('Ion');
    bench.refusals = [refusal(409, 'talk_held')];
    bench.talk.press(true);
    await settle();
    expect(bench.state).toMatchObject({ phase: 'held', heldBy: 'Ion', wanted: false });
  });

  test('who talks is shown before a press, and until the line is free', async () => {
    bench.heard('Ana');
    expect(bench.state).toMatchObject({ phase: 'held', heldBy: 'Ana' });
    bench.heard('Ana', false);
    expect(bench.state).toMatchObject({ phase: 'free', heldBy: null });
  });

  test('who has opened the microphone first closes this one', async () => {
    await bench.ready();
    bench.deaf = [refusal(409, 'talk_held')];
    await bench.press();
    expect(bench.microphone.open).toBe(false);
    expect(bench.session.closed).toBe(true);
    expect(bench.state).toMatchObject({ phase: 'held', closed: 'taken', wanted: false });
  });

  test('who takes an idle line keeps it: two pages do not take it from each other for ever', async () => {
    await bench.ready();
    bench.session.events.onGone();
    bench.heard('Ana', false);
    await bench.clock.advance(120_000);
    expect(bench.sessions.length).toBe(1);
    expect(bench.phase).toBe('free');
    await bench.press();
    expect(bench.sessions.length).toBe(2);
  });
});

describe('a line that breaks', () => {
  test('while somebody talks comes back with the microphone open', async () => {
    await bench.talking();
    bench.session.events.onGone();
    expect(bench.phase).toBe('lost');
    expect(bench.microphone.open).toBe(false);
    await bench.clock.advance(500);
    expect(bench.sessions.length).toBe(2);
    bench.session.connects();
    await settle();
    expect(bench.phase).toBe('talking');
    expect(bench.told).toEqual(['s1 on', 's2 on']);
    expect(bench.microphones.length).toBe(1);
  });

  test('but not when nobody expects it any more', async () => {
    await bench.talking();
    bench.refusals = Array.from({ length: 99 }, () => refusal(0, 'network'));
    bench.session.events.onGone();
    await bench.clock.advance(10_000);
    expect(bench.state).toMatchObject({ phase: 'lost', wanted: false, closed: 'line_lost' });
    bench.refusals = [];
    await bench.clock.advance(60_000);
    bench.session.connects();
    expect(bench.phase).toBe('ready');
    expect(bench.microphone.open).toBe(false);
  });

  test('is asked for new ICE first, then given up, when nothing comes from the far end', async () => {
    await bench.talking();
    await bench.clock.advance(30_000);
    expect(bench.session.restarts).toBe(0);
    bench.session.alive = false;
    await bench.clock.advance(4500);
    expect(bench.session.restarts).toBe(1);
    expect(bench.phase).toBe('talking');
    await bench.clock.advance(2500);
    expect(bench.sessions[0]?.closed).toBe(true);
    expect(bench.phase).toBe('lost');
  });

  test('with the media server is given up at once', async () => {
    await bench.talking();
    bench.talk.serverLost();
    expect(bench.phase).toBe('lost');
    expect(bench.session.closed).toBe(true);
    bench.talk.nudge();
    await settle();
    expect(bench.sessions.length).toBe(2);
  });

  test('a session that the daemon does not know is replaced', async () => {
    await bench.ready();
    bench.deaf = [refusal(404, 'no_such_session')];
    await bench.press();
    await bench.clock.advance(500);
    bench.session.connects();
    await settle();
    expect(bench.told).toEqual(['s1 on', 's2 on']);
    expect(bench.phase).toBe('talking');
  });

  test('what an old session still says means nothing', async () => {
    await bench.talking();
    const old = bench.session;
    old.events.onGone();
    await bench.clock.advance(500);
    bench.session.connects();
    old.events.onGone();
    old.events.onConnected();
    expect(bench.phase).toBe('talking');
    expect(bench.sessions.length).toBe(2);
  });
});

describe('silence', () => {
  const talking = () => bench.talking();

  test('mutes after its time, with a warning before', async () => {
    await talking();
    await bench.clock.advance(49_000);
    expect(bench.state.mutesInMs).toBeNull();
    await bench.clock.advance(1500);
    expect(bench.state.mutesInMs).toBe(10_000);
    await bench.clock.advance(9000);
    expect(bench.state.mutesInMs).toBe(1000);
    expect(bench.phase).toBe('talking');
    await bench.clock.advance(1000);
    expect(bench.state).toMatchObject({ phase: 'ready', closed: 'silence', mutesInMs: null });
    expect(bench.microphone.open).toBe(false);
    expect(bench.told.at(-1)).toBe('s1 off');
  });

  test('a word begins the time anew', async () => {
    await talking();
    await bench.clock.advance(55_000);
    bench.microphone.loud = -20;
    await bench.clock.advance(200);
    bench.microphone.loud = -70;
    expect(bench.state.mutesInMs).toBeNull();
    await bench.clock.advance(49_000);
    expect(bench.phase).toBe('talking');
  });

  test('in the warning there is more time to be had, and a press means off as ever', async () => {
    await talking();
    await bench.clock.advance(55_000);
    bench.talk.extend();
    expect(bench.state).toMatchObject({ phase: 'talking', mutesInMs: null });
    await bench.clock.advance(49_000);
    expect(bench.phase).toBe('talking');
    await bench.press();
    expect(bench.phase).toBe('ready');
  });

  test('before a press does not count', async () => {
    await bench.ready();
    await bench.clock.advance(600_000);
    await bench.press();
    await bench.clock.advance(49_000);
    expect(bench.state).toMatchObject({ phase: 'talking', mutesInMs: null });
  });

  test('its time can be set, also to none', async () => {
    bench = new TalkBench({ autoMuteMs: 0 });
    await talking();
    await bench.clock.advance(3_600_000);
    expect(bench.phase).toBe('talking');
    bench.talk.configure({ autoMuteMs: 10_000, muteWarningMs: 60_000 });
    bench.microphone.loud = -10;
    await bench.clock.advance(100);
    bench.microphone.loud = -90;
    await bench.clock.advance(4000);
    expect(bench.state.mutesInMs).toBeNull();
    await bench.clock.advance(7000);
    expect(bench.state.closed).toBe('silence');
  });

  test('the meter shows what is heard, and nothing while nothing is', async () => {
    await bench.ready();
    bench.microphone.loud = -12.4;
    await bench.clock.advance(200);
    expect(bench.talk.level.value.db).toBe(-90);
    await bench.press();
    await bench.clock.advance(200);
    expect(bench.talk.level.value.db).toBe(-12);
  });
});

describe('the end', () => {
  test('a hang-up gives line and microphone back at once, and nothing comes back by itself', async () => {
    await bench.talking();
    bench.talk.hangUp();
    expect(bench.microphone.closed).toBe(true);
    expect(bench.microphone.open).toBe(false);
    expect(bench.session.closed).toBe(true);
    expect(bench.state).toMatchObject({ phase: 'free', closed: null });
    bench.talk.nudge();
    bench.heard(null);
    await bench.clock.advance(60_000);
    expect(bench.sessions.length).toBe(1);
    expect(bench.clock.pending).toBe(0);
  });

  test('the microphone is called off once its track has ended and its line is closed', async () => {
    await bench.talking();
    expect(bench.state.open).toBe(true);
    let end: () => void = () => undefined;
    bench.session.closing = new Promise((resolve) => {
      end = resolve;
    });
    bench.talk.hangUp();
    await settle();
    expect(bench.state).toMatchObject({ phase: 'free', open: true });
    end();
    await settle();
    expect(bench.state.open).toBe(false);
  });

  test('a track that goes on is not called off', async () => {
    await bench.talking();
    bench.microphone.close = () => undefined;
    bench.talk.hangUp();
    await settle();
    expect(bench.state.open).toBe(true);
  });

  test.each(['pagehide', 'freeze'] as const)('%s is one', async (why) => {
    await bench.talking();
    await bench.loses(why);
    expect(bench.microphone.closed).toBe(true);
    expect(bench.state).toMatchObject({ phase: 'free', closed: 'hidden' });
  });

  test('another window in front is none: somebody may look something up while talking', async () => {
    await bench.talking();
    await bench.loses('blur');
    await bench.loses('hidden');
    expect(bench.phase).toBe('talking');
  });

  test('a microphone that is pulled out is explained; plugged in again, a press talks', async () => {
    await bench.talking();
    bench.microphone.unplugged();
    await settle();
    expect(bench.state).toMatchObject({ phase: 'unavailable', reason: 'unplugged', wanted: false });
    expect(bench.session.closed).toBe(true);
    await bench.press();
    bench.session.connects();
    expect(bench.phase).toBe('talking');
    expect(bench.microphones.length).toBe(2);
  });

  test('a permission that is taken back is not called an unplugged microphone', async () => {
    await bench.talking();
    bench.permission = 'denied';
    bench.microphone.unplugged();
    await settle();
    expect(bench.state).toMatchObject({ phase: 'unavailable', reason: 'denied' });
  });

  test('hung up while the person is still being asked: the microphone that comes is given back', async () => {
    let allow: () => void = () => undefined;
    bench.asking = new Promise((resolve) => (allow = resolve));
    await bench.press();
    bench.talk.hangUp();
    allow();
    await settle();
    expect(bench.microphone.closed).toBe(true);
    expect(bench.sessions).toEqual([]);
    bench.asking = Promise.resolve();
    await bench.press();
    bench.session.connects();
    expect(bench.phase).toBe('talking');
  });

  test('signed out is one, and is said', async () => {
    bench.refusals = [refusal(401, 'not_signed_in')];
    await bench.press();
    expect(bench.signedOut).toBe(1);
    expect(bench.microphone.closed).toBe(true);
    expect(bench.phase).toBe('free');
  });
});
