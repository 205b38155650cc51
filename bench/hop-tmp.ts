import { openModel } from '/work/main/bench/lib/open-model.ts';
import { attentionOptions } from '/work/main/engine/native/attention-options.ts';
import { setImmediate as imm } from 'node:timers/promises';
const model = await openModel('/work/main/models/foretoken-code-6m.Q8_0.gguf');
const c = await model.createContext({contextLength:1024,batchSize:256,outputRows:16,threads:1,batchThreads:1,sequences:16,...attentionOptions(false)});
await c.decode({tokens:Int32Array.from({length:100},(_,i)=>300+i),sequence:0,position:0,outputs:'none',topK:1});
const run = async (name: string, blocking: boolean, yieldEvery: number, topK=32) => { const t0=performance.now(); for(let i=0;i<1000;i++){ if(i%100===0) c.removeTokens(0,100,-1); await c.decode({tokens:Int32Array.of(400),sequence:0,position:100+i%100,outputs:'last',topK,blocking}); if (yieldEvery && i%yieldEvery===0) await imm(); } console.error(name, ((performance.now()-t0)).toFixed(1),'us'); };
for (let r=0;r<3;r++) { await run('worker',false,0); await run('own no yield',true,0); await run('own yield 3',true,3); await run('own yield 1',true,1); await run('own top1',true,0,1); await run('worker top1',false,0,1);}
const t=performance.now(); for(let i=0;i<10000;i++) await imm(); console.error('imm', (performance.now()-t)/10,'us');
await c.dispose(); await model.dispose();
