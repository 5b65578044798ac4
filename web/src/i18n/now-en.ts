import type { NowDictionary } from './now-ro';

export const nowEn: NowDictionary = {
  'link.no-news': 'Video without status',
  'link.returning': 'Video returning',
  'why.returning': 'The controls unlock once the video is steady.',
  'ended.stale': 'The connection was lost, and control with it. Take it again.',
  'stopped.you': 'Stopped from this page.',
  'stop.done': 'stopped',
  'fact.you': 'You are driving',
  'lease.elsewhere': 'You are driving in another window.',
  'lag.lifting': 'Normal driving returns after 2 s of good connection.',
};
