import {parseDocument} from 'yaml';
import {readFleet} from './read-fleet.ts';
for (const n of [1000,10000]){
let t='version: 1\nname: x\ndefaults: {packages: [vim], config: {services.fstrim.enable: true}}\nprofiles: {web: {packages: [curl], checks: [{tcp: 80}]}}\nhypervisors:\n';for(let i=0;i<n/10;i++)t+=`  hv${i}: { ssh: root@10.0.${i>>8}.${i&255}, system: x86_64-linux, stateVersion: "25.11", uplink: eth0 }\n`;
t+='networks:\n';for(let i=0;i<n/10;i++)t+=`  n${i}: { subnet: 10.${i>>8}.${i&255}.0/24 }\n`;
t+='vms:\n';for(let i=0;i<n;i++)t+=`  vm${i}:\n    on: hv${i/10|0}\n    network: n${i/10|0}\n    address: 10.${(i/10|0)>>8}.${(i/10|0)&255}.${i%10+2}\n    vcpu: 2\n    memory: 1GiB\n    profiles: [web]\n    packages: [vim, htop]\n    volumes: [{ mount: /var, size: 20GiB }]\n${i%10?`    dependsOn: [vm${i-1}]\n`:''}    config:\n      services.nginx.enable: true\n`;
let P=Infinity,R=Infinity;const ratios:number[]=[];
for(let k=0;k<(n>5000?4:15);k++){let s=process.cpuUsage();parseDocument(t,{uniqueKeys:false});let u=process.cpuUsage(s);const a=(u.user+u.system)/1000;s=process.cpuUsage();readFleet(t,'f');u=process.cpuUsage(s);const b=(u.user+u.system)/1000;P=Math.min(P,a);R=Math.min(R,b);ratios.push(b/a)}
ratios.sort((x,y)=>x-y);console.log(n,'vms',(t.length/1e6).toFixed(2)+' MB','parse',P|0,'readFleet',R|0,'min ratio',(R/P).toFixed(2),'median',ratios[ratios.length>>1]!.toFixed(2));
const bads=[['all refs wrong',t.replace(/on: hv(\d+)/g,'on: hw$1')],['unknown fields',t.replace(/vcpu/g,'vcpus')],['sizes',t.replace(/1GiB/g,'1GB')]] as const;
for (const [what,bad] of bads){const s=performance.now();const q=readFleet(bad,'f') as any;console.log('  ',what,performance.now()-s|0,'ms',q.diagnostics?.length)}
}
