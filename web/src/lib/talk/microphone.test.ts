import { describe, expect, test, vi } from 'vitest';
import { browserMicrophone, decibels, type MicrophoneBrowser } from './microphone';

const track = () => ({ enabled: true, stop: vi.fn() });

function browser(change: Partial<MicrophoneBrowser> = {}, samples = 0.1) {
  const one = track();
  const stream = { getAudioTracks: () => [one], getTracks: () => [one] };
  const context = {
    state: 'running',
    resume: vi.fn(),
    close: vi.fn(),
    createAnalyser: () => ({
      fftSize: 0,
      getFloatTimeDomainData: (into: Float32Array) => into.fill(samples),
    }),
    createMediaStreamSource: () => ({ connect: vi.fn() }),
  };
  const getUserMedia = vi.fn(async () => stream as unknown as MediaStream);
  const query = vi.fn(async () => ({ state: 'granted' }) as PermissionStatus);
  const source = browserMicrophone({
    isSecureContext: true,
    mediaDevices: { getUserMedia },
    permissions: { query },
    createContext: () => context as unknown as AudioContext,
    ...change,
  });
  return { source, one, context, getUserMedia, query };
}

const named = (name: string) => Object.assign(new Error(name), { name });

describe('the permission', () => {
  test('is the browser’s word, where it has one', async () => {
    const { source, query } = browser();
    expect(await source.permission()).toBe('granted');
    query.mockResolvedValueOnce({ state: 'denied' } as PermissionStatus);
    expect(await source.permission()).toBe('denied');
    query.mockRejectedValueOnce(new TypeError('microphone is no permission'));
    expect(await source.permission()).toBe('prompt');
    expect(await browser({ permissions: undefined }).source.permission()).toBe('prompt');
  });

  test('without HTTPS that is the reason, whatever else is missing', async () => {
    const { source } = browser({ isSecureContext: false, mediaDevices: undefined });
    expect(await source.permission()).toBe('insecure');
    await expect(source.open()).rejects.toMatchObject({ reason: 'insecure' });
    const old = browser({ mediaDevices: undefined }).source;
    expect(await old.permission()).toBe('unsupported');
    await expect(old.open()).rejects.toMatchObject({ reason: 'unsupported' });
  });
});

describe('a microphone', () => {
  test('is opened mono, without echo, and muted', async () => {
    const { source, one, getUserMedia } = browser();
    const microphone = await source.open();
    expect(getUserMedia).toHaveBeenCalledWith({
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        channelCount: 1,
      },
    });
    expect(one.enabled).toBe(false);
    expect(microphone.db()).toBeCloseTo(-20);
  });

  test('is given back with its meter', async () => {
    const { source, one, context } = browser();
    (await source.open()).close();
    expect(one.stop).toHaveBeenCalledOnce();
    expect(context.close).toHaveBeenCalledOnce();
  });

  test('without a meter is taken for loud, so that nobody is muted who speaks', async () => {
    const { source } = browser({
      createContext: () => {
        throw new Error('no audio output');
      },
    });
    expect((await source.open()).db()).toBe(0);
    const asleep = browser();
    asleep.context.state = 'suspended';
    const microphone = await asleep.source.open();
    expect(microphone.db()).toBe(0);
    expect(asleep.context.resume).toHaveBeenCalled();
  });

  test.each([
    ['NotAllowedError', 'denied'],
    ['NotFoundError', 'no_device'],
    ['NotReadableError', 'busy'],
    ['TypeError', 'unsupported'],
  ])('that is refused with %s is %s', async (name, reason) => {
    const { source, getUserMedia } = browser();
    getUserMedia.mockRejectedValueOnce(named(name));
    await expect(source.open()).rejects.toMatchObject({ reason });
  });
});

test('decibels are of the whole, and silence has an end', () => {
  expect(decibels(new Float32Array(100))).toBe(-90);
  expect(decibels(new Float32Array(0))).toBe(-90);
  expect(decibels(new Float32Array(100).fill(1))).toBe(0);
  expect(decibels(new Float32Array(100).fill(4))).toBe(0);
  expect(decibels(new Float32Array(100).fill(0.01))).toBeCloseTo(-40);
});
