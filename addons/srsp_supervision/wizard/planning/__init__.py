from . import srsp_plan_generation
