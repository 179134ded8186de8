import { removeKeys } from './keys.ts';
import { Runner } from './runner.ts';

removeKeys(new Runner(process.env, (text) => process.stdout.write(text)));
