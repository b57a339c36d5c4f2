#!/bin/bash
# A SLURM of this machine alone, to try jobs on: Debian's packages, run as root. Its state lies in a folder of its own.
#   apt-get install slurm-wlm munge && bash examples/slurm/one_node.sh start FOLDER && export SLURM_CONF=FOLDER/slurm.conf
#   bash examples/slurm/one_node.sh stop FOLDER
set -euo pipefail
[ $# = 2 ] || { sed -n '2,4s/^# *//p' "$0"; exit 2; }
verb=$1 folder=$(realpath -m "$2")

if [ "$verb" = stop ]; then
    for name in slurmd slurmctld munged; do
        [ ! -e "$folder/$name.pid" ] || kill "$(cat "$folder/$name.pid")"
    done
    exit
fi

mkdir -p "$folder"/{state,spool} /run/munge
chown munge: /run/munge
chmod 755 "$folder"
# No cgroups, no accounting (sacct): what a container can do. It claims more cores than there are, so that examples fit.
cat >"$folder/slurm.conf" <<END
ClusterName=one
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
MpiDefault=none
MailProg=/bin/true
NodeName=$(hostname) NodeAddr=127.0.0.1 CPUs=16 RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
runuser -u munge -- munged --force --pid-file=/run/munge/munged.pid
cp /run/munge/munged.pid "$folder/"
slurmctld -f "$folder/slurm.conf"
slurmd -f "$folder/slurm.conf"
SLURM_CONF=$folder/slurm.conf sinfo
