// All that the panel says in Romanian, fetched by those who read it.

export { driveRo as drive } from './drive-ro';
export { nowRo as now } from './now-ro';
export { panelRo as panel } from './panel-ro';
export { ro as page } from './ro';
