export { requireScripts } from '../scripts.ts';
