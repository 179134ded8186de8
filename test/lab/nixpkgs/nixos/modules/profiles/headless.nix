# Imported by hardware configurations; nothing of it matters in the lab.
{ }
